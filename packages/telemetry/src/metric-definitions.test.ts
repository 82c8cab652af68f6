import { describe, expect, it } from 'vitest';
import { type MetricDefinition, metricDefinitions, metricName } from './metric-definitions.js';
import { createMetrics } from './metrics.js';

const keys = Object.keys(metricDefinitions) as (keyof typeof metricDefinitions)[];
const definitions: [string, MetricDefinition][] = keys.map((key) => [metricName(key), metricDefinitions[key]]);

describe('metric names', () => {
  it('are pinned: dashboards and alerts of other people use them', () => {
    expect(definitions.map(([name, { type, labels }]) => `${type} ${name}{${labels.join()}}`)).toMatchSnapshot();
  });

  it.each(definitions)('%s follows the naming rules', (name, definition) => {
    expect(name).toMatch(/^sluice(_[a-z]+)+$/);
    expect(name.endsWith('_total')).toBe(definition.type === 'counter');
    if (definition.type === 'histogram') expect(name).toMatch(/_(seconds|bytes)$/);
    expect(name).not.toMatch(/_(ms|millis|milliseconds|kb|mb|minutes|percent)(_|$)/);
    expect(definition.help).toMatch(/^\S.*[.]$/);
  });

  it.each(definitions)('%s has bounded labels only', (_name, definition) => {
    const allowed = ['api', 'stage', 'route', 'code', 'reason', 'result', 'shard', 'role', 'kind', 'version'];
    for (const label of definition.labels) expect(allowed).toContain(label);
  });

  it.each(definitions.filter(([, { type }]) => type === 'histogram'))('%s has rising buckets', (_name, definition) => {
    const buckets = definition.buckets ?? [];
    expect(buckets.length).toBeGreaterThan(3);
    expect([...buckets].sort((a, b) => a - b)).toEqual(buckets);
  });

  it('are all in a fresh registry, which shares no counts with another', async () => {
    const one = createMetrics();
    const two = createMetrics();
    one.drainsTotal.labels('completed').inc(3);
    const text = await one.registry.metrics();
    for (const [name] of definitions) expect(text).toContain(`# TYPE ${name} `);
    expect(text).toContain('sluice_drains_total{result="completed"} 3');
    expect(await two.registry.metrics()).not.toContain('sluice_drains_total{');
  });
});
