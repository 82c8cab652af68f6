import type { Registry } from 'prom-client';
import type { Exemplar } from './plain-metrics.js';

export const openMetricsType = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** Whether a scraper takes OpenMetrics: it names the format, and not with `q=0`. */
export function wantsOpenMetrics(accept: string | undefined): boolean {
  return (accept ?? '').split(',').some((each) => {
    const [type = '', ...parameters] = each.split(';').map((part) => part.trim().toLowerCase());
    if (type !== 'application/openmetrics-text') return false;
    return !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

interface Family {
  name: string;
  help: string;
  type: string | number;
  values: {
    metricName?: string;
    labels: Record<string, string | number>;
    value: number;
    /** Of our own histograms; the client library says null. */
    exemplar?: Exemplar | null | undefined;
  }[];
}

/**
 * A registry in the OpenMetrics text format 1.0, with the exemplars, which the older format has no place for. Not by prom-client:
 * its writer renames the metrics themselves, so that the next scrape in the older format would show other names.
 */
export async function openMetricsText(registry: Registry): Promise<string> {
  const metrics = registry.getMetricsAsArray() as unknown as { get(): Promise<Family> }[];
  const families = await Promise.all(metrics.map((metric) => metric.get()));
  const names = new Set(families.map(({ name }) => name));
  return `${families.map((family) => familyText(family, names)).join('')}# EOF\n`;
}

function familyText({ name, help, type: given, values }: Family, taken: ReadonlySet<string>): string {
  // A family of counters is named without the ending of its samples. Where that is the name of another (`sluice_dead_letters` is
  // a gauge), its samples keep their name in a family of no known type.
  const stem = name.replace(/_total$/, '');
  const type = given === 'counter' && stem !== name && taken.has(stem) ? 'unknown' : given;
  const family = type === 'counter' ? stem : name;
  const unit = /_(seconds|bytes)$/.exec(family)?.[1];
  const head = [`# TYPE ${family} ${type}`, `# HELP ${family} ${escaped(help)}`];
  if (unit !== undefined) head.splice(1, 0, `# UNIT ${family} ${unit}`);
  const samples = values.map((each) => {
    const sample = type === 'counter' ? `${family}_total` : (each.metricName ?? name);
    return `${sample}${labelText(each.labels)} ${numberText(each.value)}${exemplarText(each.exemplar)}`;
  });
  return `${[...head, ...samples].join('\n')}\n`;
}

function labelText(labels: Record<string, string | number>): string {
  const pairs = Object.entries(labels).map(([name, value]) => {
    // The bound of a bucket is a float in its canonical form: `1.0` where the older format has `1`.
    const text = name === 'le' && Number.isInteger(value) ? `${value}.0` : String(value);
    return `${name}="${escaped(text)}"`;
  });
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function exemplarText(exemplar: Exemplar | null | undefined): string {
  if (exemplar === null || exemplar === undefined) return '';
  return ` # {trace_id="${exemplar.traceId}"} ${numberText(exemplar.value)} ${exemplar.atMs / 1_000}`;
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return Number.isFinite(value) ? `${value}` : value > 0 ? '+Inf' : '-Inf';
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}
