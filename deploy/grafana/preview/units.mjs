// The units that our panels use, written as Grafana writes them.

const number = (value) => {
  const size = Math.abs(value);
  if (size >= 1e9) return `${trim(value / 1e9)} B`;
  if (size >= 1e6) return `${trim(value / 1e6)} M`;
  if (size >= 1e4) return `${trim(value / 1e3)} K`;
  return trim(value);
};

const trim = (value) => String(Number(value.toPrecision(3)));

function seconds(value) {
  const size = Math.abs(value);
  if (size === 0) return '0 s';
  if (size < 1e-3) return `${trim(value * 1e6)} µs`;
  if (size < 1) return `${trim(value * 1e3)} ms`;
  if (size < 120) return `${trim(value)} s`;
  return size < 7200 ? `${trim(value / 60)} min` : `${trim(value / 3600)} h`;
}

function bytes(value) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let [rest, index] = [value, 0];
  while (Math.abs(rest) >= 1024 && index < units.length - 1) [rest, index] = [rest / 1024, index + 1];
  return `${trim(rest)} ${units[index]}`;
}

const formats = {
  s: seconds,
  bytes,
  Bps: (value) => `${bytes(value)}/s`,
  percentunit: (value) => `${trim(value * 100)} %`,
  short: number,
  reqps: (value) => `${number(value)} req/s`,
  mps: (value) => `${number(value)} msg/s`,
  ops: (value) => `${number(value)} ops/s`,
  cps: (value) => `${number(value)} c/s`,
};

/** Units that a panel may have; `short` is a plain number. */
export const knownUnits = Object.keys(formats);

export const format = (unit, value) => (Number.isFinite(value) ? formats[unit](value) : '–');
