/** One exemplar of a scrape in OpenMetrics. */
export interface ScrapedExemplar {
  series: string;
  labels: Record<string, string>;
  value: number;
  timestampSeconds: number;
}

export interface OpenMetricsScrape {
  types: Map<string, string>;
  samples: Map<string, number>;
  exemplars: ScrapedExemplar[];
}

const number = String.raw`(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]Inf|NaN)`;
const labelSet = String.raw`\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*"(?:,(?=[a-zA-Z_])|(?=\})))*\}`;
const samplePattern = new RegExp(
  String.raw`^([a-zA-Z_:][\w:]*)(${labelSet})? (${number})(?: # (${labelSet}) (${number})(?: (\d+(?:\.\d+)?))?)?$`,
);
const suffixes: Record<string, string[]> = {
  counter: ['_total', '_created'],
  gauge: [''],
  unknown: [''],
  histogram: ['_bucket', '_sum', '_count', '_created'],
  summary: ['', '_sum', '_count', '_created'],
};

/**
 * Reads OpenMetrics text 1.0 and throws for what its grammar and its rules forbid: another end than `# EOF`, an empty line, a
 * family without type or in two places, a sample whose ending its type does not have, a unit that is not the end of the name, bounds
 * that are no floats or do not rise, buckets that fall, a count that is not the last bucket, an exemplar anywhere but on a bucket
 * or a counter, outside its bucket, or over 128 characters.
 */
export function parseOpenMetrics(text: string): OpenMetricsScrape {
  if (!text.endsWith('\n# EOF\n')) throw new Error('the text does not end with # EOF');
  const scrape: OpenMetricsScrape = { types: new Map(), samples: new Map(), exemplars: [] };
  let family = '';
  for (const line of text.slice(0, -'# EOF\n'.length).trimEnd().split('\n')) {
    if (line.startsWith('#')) {
      family = readMetadata(line, family, scrape);
      continue;
    }
    readSample(line, family, scrape);
  }
  checkHistograms(scrape);
  return scrape;
}

function readMetadata(line: string, family: string, { types }: OpenMetricsScrape): string {
  const [, keyword, name = '', rest = ''] = /^# (TYPE|UNIT|HELP) (\S+) (.*)$/.exec(line) ?? [];
  if (keyword === undefined) throw new Error(`neither metadata nor sample: ${line}`);
  if (keyword === 'TYPE') {
    if (types.has(name)) throw new Error(`${name} is in two places`);
    if (suffixes[rest] === undefined) throw new Error(`${name} is of type ${rest}`);
    if (rest === 'counter' && name.endsWith('_total')) throw new Error(`the family ${name} is named like its samples`);
    types.set(name, rest);
    return name;
  }
  if (name !== family) throw new Error(`${line} stands under ${family}`);
  if (keyword === 'UNIT' && !name.endsWith(`_${rest}`)) throw new Error(`${name} has the unit ${rest}`);
  return family;
}

function readSample(line: string, family: string, { types, samples, exemplars }: OpenMetricsScrape): void {
  const match = samplePattern.exec(line);
  if (match === null) throw new Error(`no sample: ${line}`);
  const [, name = '', labels = '', value = '', exemplarLabels, exemplarValue = '', timestamp = ''] = match;
  const suffix = name.slice(family.length);
  const type = types.get(family) ?? '';
  if (!name.startsWith(family) || !(suffixes[type] ?? []).includes(suffix)) {
    throw new Error(`${name} stands under the ${type} ${family}`);
  }
  const series = `${name}${labels}`;
  if (samples.has(series)) throw new Error(`twice: ${line}`);
  samples.set(series, numberOf(value));
  if (type === 'counter' && !(numberOf(value) >= 0)) throw new Error(`a counter of ${value}: ${line}`);
  if (exemplarLabels === undefined) return;
  if (suffix !== '_bucket' && suffix !== '_total') throw new Error(`an exemplar has no place here: ${line}`);
  const pairs = [...exemplarLabels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', text = '']) => [key, text] as const);
  if (pairs.reduce((sum, [key, text]) => sum + key.length + text.length, 0) > 128) throw new Error(`too long: ${line}`);
  if (numberOf(exemplarValue) > boundOf(labels)) throw new Error(`an exemplar outside its bucket: ${line}`);
  exemplars.push({
    series,
    labels: Object.fromEntries(pairs),
    value: numberOf(exemplarValue),
    timestampSeconds: Number(timestamp),
  });
}

function checkHistograms({ types, samples }: OpenMetricsScrape): void {
  const last = new Map<string, { bound: number; value: number }>();
  for (const [series, value] of samples) {
    const [, family = '', labels = ''] = /^(.*)_bucket(\{.*\})$/.exec(series) ?? [];
    if (types.get(family) !== 'histogram') continue;
    const bound = /le="([^"]*)"/.exec(labels)?.[1] ?? '';
    if (!/^(\d+\.\d+(e[+-]?\d+)?|\+Inf)$/.test(bound))
      throw new Error(`the bound ${bound} is not a canonical float: ${series}`);
    const group = `${family}${labels.replace(/le="[^"]*",?/, '').replace(/,\}$/, '}')}`;
    const before = last.get(group);
    if (before !== undefined && before.bound < Number.POSITIVE_INFINITY) {
      if (before.bound >= numberOf(bound) || before.value > value) throw new Error(`buckets out of order: ${series}`);
    }
    last.set(group, { bound: numberOf(bound), value });
  }
  for (const [group, { bound, value }] of last) {
    const count = group.replace(/(\{.*\})$/, (labels) => `_count${labels === '{}' ? '' : labels}`);
    if (bound !== Number.POSITIVE_INFINITY || samples.get(count) !== value) throw new Error(`no end: ${group}`);
  }
}

function boundOf(labels: string): number {
  const bound = /le="([^"]*)"/.exec(labels)?.[1];
  return bound === undefined ? Number.POSITIVE_INFINITY : numberOf(bound);
}

function numberOf(text: string): number {
  return Number(text.replace('Inf', 'Infinity'));
}
