import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type MetricKey, metricDefinitions, metricName } from './metric-definitions.js';

type Labels<K extends MetricKey> = (typeof metricDefinitions)[K]['labels'][number];
type Metric<K extends MetricKey> = (typeof metricDefinitions)[K]['type'] extends 'counter'
  ? Counter<Labels<K>>
  : (typeof metricDefinitions)[K]['type'] extends 'gauge'
    ? Gauge<Labels<K>>
    : Histogram<Labels<K>>;

/**
 * All metrics of a process, by the keys of `metricDefinitions`. On the hot path resolve a child once
 * (`metrics.framesTotal.labels(api, stage, 'in')`) and keep it: the look-up costs more than the increment.
 */
export type Metrics = { readonly [K in MetricKey]: Metric<K> } & { readonly registry: Registry };

/** A fresh registry with every metric, so that two gateways in one test process do not share counts. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const metrics: Record<string, unknown> = { registry };
  for (const key of Object.keys(metricDefinitions) as MetricKey[]) {
    const definition = metricDefinitions[key];
    const options = {
      name: metricName(key),
      help: definition.help,
      labelNames: [...definition.labels],
      registers: [registry],
    };
    if (definition.type === 'counter') metrics[key] = new Counter(options);
    else if (definition.type === 'gauge') metrics[key] = new Gauge(options);
    else metrics[key] = new Histogram({ ...options, buckets: [...definition.buckets] });
  }
  return metrics as unknown as Metrics;
}
