/** One metric of a scrape: its type and its samples by label text. */
export interface MetricFamily {
  type: string;
  samples: { name: string; labels: Record<string, string>; value: number }[];
}

const samplePattern = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ([Nn]a[Nn]|[+-]?Inf|[+-]?[\d.]+(?:e[+-]?\d+)?)$/;
const labelPattern = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/gy;

/**
 * Reads Prometheus text exposition 0.0.4 as strictly as a scraper may: throws for anything a scraper could refuse, and for
 * what it would take and misread (a family in two places, a series twice, buckets that do not add up).
 */
export function parseExposition(text: string): Map<string, MetricFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, MetricFamily>();
  const series = new Set<string>();
  let current = '';
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('# HELP ')) continue;
    const typed = /^# TYPE (\S+) (counter|gauge|histogram|summary|untyped)$/.exec(line);
    if (typed !== null) {
      current = typed[1] as string;
      if (families.has(current)) throw new Error(`${current} is in two places`);
      families.set(current, { type: typed[2] as string, samples: [] });
      continue;
    }
    const match = samplePattern.exec(line);
    if (match === null) throw new Error(`no line of an exposition: ${line}`);
    const [, name = '', labelText = '', value = ''] = match;
    if (name.replace(/_(bucket|sum|count)$/, '') !== current && name !== current) {
      throw new Error(`${name} stands under ${current}`);
    }
    const labels = readLabels(labelText, line);
    const id = name + JSON.stringify(Object.entries(labels).sort());
    if (series.has(id)) throw new Error(`twice: ${line}`);
    series.add(id);
    const number = /nan/i.test(value) ? Number.NaN : Number(value.replace('Inf', 'Infinity'));
    families.get(current)?.samples.push({ name, labels, value: number });
  }
  for (const [name, family] of families) if (family.type === 'histogram') checkBuckets(name, family);
  return families;
}

function readLabels(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  let length = 0;
  for (const [whole, name = '', value = ''] of text.matchAll(labelPattern)) {
    labels[name] = value;
    length += whole.length;
  }
  if (length !== text.length) throw new Error(`labels that cannot be read: ${line}`);
  return labels;
}

function checkBuckets(name: string, { samples }: MetricFamily): void {
  let before = 0;
  let last = Number.NaN;
  for (const { name: part, labels, value } of samples) {
    if (part === `${name}_bucket`) {
      if (value < before) throw new Error(`${name}: bucket ${labels['le']} has less than the one before`);
      before = labels['le'] === '+Inf' ? 0 : value;
      last = labels['le'] === '+Inf' ? value : Number.NaN;
    }
    if (part === `${name}_count` && value !== last) throw new Error(`${name}: _count is not the +Inf bucket`);
  }
}
