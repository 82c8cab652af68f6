import { limits } from '@sluice/contracts';
import { Registry } from 'prom-client';
import { LabelCap } from './label-cap.js';
import { type MetricKey, metricDefinitions, metricName } from './metric-definitions.js';
import { PlainCounter, PlainGauge, PlainHistogram, register } from './plain-metrics.js';

type Labels<K extends MetricKey> = (typeof metricDefinitions)[K]['labels'][number];
type Metric<K extends MetricKey> = (typeof metricDefinitions)[K]['type'] extends 'counter'
  ? PlainCounter<Labels<K>>
  : (typeof metricDefinitions)[K]['type'] extends 'gauge'
    ? PlainGauge<Labels<K>>
    : PlainHistogram<Labels<K>>;

/**
 * All metrics of a process, by the keys of `metricDefinitions`. On the hot path resolve a child once
 * (`metrics.framesTotal.labels(api, stage, 'in')`) and keep it: the look-up costs more than the increment.
 */
export type Metrics = { readonly [K in MetricKey]: Metric<K> } & { readonly registry: Registry };

/** A fresh registry with every metric, so that two gateways in one test process do not share counts. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const metrics: Record<string, unknown> = { registry };
  const cap = new LabelCap(limits.metricApisMax, limits.metricStagesMax);
  for (const key of Object.keys(metricDefinitions) as MetricKey[]) {
    const definition = metricDefinitions[key];
    const labels: readonly string[] = definition.labels;
    const [name, help] = [metricName(key), definition.help];
    const metric =
      definition.type === 'counter'
        ? new PlainCounter(name, help, labels, cap)
        : definition.type === 'gauge'
          ? new PlainGauge(name, help, labels, cap)
          : new PlainHistogram(name, help, labels, definition.buckets, cap);
    register(registry, metric);
    metrics[key] = metric;
  }
  return metrics as unknown as Metrics;
}
