// One panel as SVG: axes with units, lines or stacked areas, thresholds, and the drains as bands.
import { format } from './units.mjs';

export const colours = [
  '#73bf69',
  '#f2cc0c',
  '#5794f2',
  '#ff9830',
  '#f2495c',
  '#b877d9',
  '#8ab8ff',
  '#37872d',
  '#fade2a',
  '#c4162a',
];
const margin = { left: 66, right: 10, top: 8, bottom: 20 };

/**
 * @param {{ values: [time: number, value: number][] }[]} series
 * @param {{ width: number, height: number, start: number, end: number, unit: string, stack: boolean, min?: number, limits: number[], drains: [number, number][] }} frame
 */
export function plot(series, frame) {
  const shown = frame.stack ? stacked(series) : series.map(({ values }) => ({ values, base: undefined }));
  const all = shown.flatMap(({ values }) => values.map(([, value]) => value));
  const [low, high, step] = scaleOf(all, frame.min, frame.unit);
  const x = (time) =>
    margin.left + ((time - frame.start) / (frame.end - frame.start)) * (frame.width - margin.left - margin.right);
  const y = (value) => margin.top + (1 - (value - low) / (high - low)) * (frame.height - margin.top - margin.bottom);
  return [
    `<svg width="${frame.width}" height="${frame.height}" xmlns="http://www.w3.org/2000/svg">`,
    ...frame.drains.map(([from, to]) => band(x(from), x(to), frame.height)),
    ...gridOf(low, high, step, frame, y),
    ...timesOf(frame, x),
    ...shown.flatMap((one, index) => drawn(one, colours[index % colours.length], frame.stack, x, y)),
    ...frame.limits.filter((value) => value > low && value < high).map((value) => limitLine(y(value), frame.width)),
    '</svg>',
  ].join('');
}

/** Each on top of the one before. */
function stacked(series) {
  const sums = new Map();
  return series.map(({ values }) => {
    const base = values.map(([time]) => [time, sums.get(time) ?? 0]);
    const top = values.map(([time, value]) => {
      const sum = (sums.get(time) ?? 0) + value;
      sums.set(time, sum);
      return [time, sum];
    });
    return { values: top, base };
  });
}

/** Lowest and highest value of the axis and its step: 1, 2 or 5 times a power of ten, of KiB, MiB and so on where bytes are counted. */
function scaleOf(values, min, unit) {
  const finite = values.filter(Number.isFinite);
  const highest = Math.max(...finite, 0);
  const lowest = min ?? Math.min(...finite, highest === 0 ? 0 : highest * 0.999);
  const low = min === undefined && lowest > highest * 0.8 ? lowest : Math.min(0, lowest);
  const span = highest - low || 1;
  const base = /^B|bytes/.test(unit) ? 1024 ** Math.max(0, Math.floor(Math.log(span / 4) / Math.log(1024))) : 1;
  const power = base * 10 ** Math.floor(Math.log10(span / base / 4));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => span / size <= 4.5) ?? power;
  return [Math.floor(low / step) * step, (Math.floor((highest + step * 0.2) / step) + 1) * step, step];
}

function gridOf(low, high, step, { width, unit }, y) {
  const lines = [];
  for (let value = low; value <= high + step / 1000; value += step) {
    const at = y(value).toFixed(1);
    lines.push(`<line x1="${margin.left}" x2="${width - margin.right}" y1="${at}" y2="${at}" stroke="#2c3235"/>`);
    lines.push(
      `<text x="${margin.left - 6}" y="${Number(at) + 4}" text-anchor="end">${format(unit, Number(value.toPrecision(6)))}</text>`,
    );
  }
  return lines;
}

function timesOf({ start, end, height, width }, x) {
  const wanted = Math.max(2, Math.floor((width - margin.left) / 90));
  const step = [5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600].find((size) => (end - start) / size <= wanted) ?? 7200;
  const texts = [];
  for (let time = Math.ceil(start / step) * step; time <= end; time += step) {
    const text = new Date(time * 1000).toISOString().slice(11, 19);
    texts.push(`<text x="${x(time).toFixed(1)}" y="${height - 4}" text-anchor="middle">${text}</text>`);
  }
  return texts;
}

function drawn({ values, base }, colour, stack, x, y) {
  const lines = runsOf(values).map((run) => run.map(([time, value]) => `${x(time).toFixed(1)},${y(value).toFixed(1)}`));
  const parts = lines.map((points) =>
    points.length === 1
      ? `<circle cx="${points[0].split(',')[0]}" cy="${points[0].split(',')[1]}" r="2" fill="${colour}"/>`
      : `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="1.4"/>`,
  );
  if (!stack) return parts;
  const floor = base.map(([time, value]) => `${x(time).toFixed(1)},${y(value).toFixed(1)}`).reverse();
  return [`<polygon points="${[...lines.flat(), ...floor].join(' ')}" fill="${colour}" fill-opacity="0.3"/>`, ...parts];
}

/** Where numbers are missing, the line has a gap. */
function runsOf(values) {
  const runs = [[]];
  for (const point of values) {
    if (Number.isFinite(point[1])) runs.at(-1).push(point);
    else if (runs.at(-1).length > 0) runs.push([]);
  }
  return runs.filter((run) => run.length > 0);
}

const band = (from, to, height) =>
  `<rect x="${from.toFixed(1)}" width="${Math.max(2, to - from).toFixed(1)}" y="0" height="${height - margin.bottom}" fill="#ff9830" fill-opacity="0.12"/>`;

const limitLine = (at, width) =>
  `<line x1="${margin.left}" x2="${width - margin.right}" y1="${at}" y2="${at}" stroke="#f2495c" stroke-dasharray="6 4"/>`;
