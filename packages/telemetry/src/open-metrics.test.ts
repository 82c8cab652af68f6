import { Histogram, Registry, Summary } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createMetrics } from './metrics.js';
import { openMetricsText, wantsOpenMetrics } from './open-metrics.js';

const recorded = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
const unrecorded = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`;

describe('OpenMetrics', () => {
  it('names counters by their family, writes bounds as floats, and ends', async () => {
    const metrics = createMetrics();
    metrics.drainsTotal.labels('a"b\\c\n').inc(2);
    metrics.eventLoopLagSeconds.observe(0.002);
    const text = await openMetricsText(metrics.registry);
    expect(text).toContain('# TYPE sluice_drains counter\n# HELP sluice_drains Drains by result');
    expect(text).toContain('\nsluice_drains_total{result="a\\"b\\\\c\\n"} 2\n');
    expect(text).toContain(
      '# TYPE sluice_event_loop_lag_seconds histogram\n# UNIT sluice_event_loop_lag_seconds seconds\n',
    );
    expect(text).toContain('\nsluice_event_loop_lag_seconds_bucket{le="0.0025"} 1\n');
    expect(text).toContain('\nsluice_event_loop_lag_seconds_bucket{le="1.0"} 1\n');
    expect(text).toContain('\nsluice_event_loop_lag_seconds_bucket{le="+Inf"} 1\n');
    expect(text.endsWith('\n# EOF\n')).toBe(true);
    // Two families of one name would be refused.
    expect(text).toContain('# TYPE sluice_dead_letters gauge\n');
    expect(text).toContain('# TYPE sluice_dead_letters_total unknown\n');
    // The older format is as it was.
    expect(await metrics.registry.metrics()).toContain('# TYPE sluice_drains_total counter');
  });

  it('[TR-10] points the bucket of an observation to its trace, where that is recorded', async () => {
    const metrics = createMetrics();
    const child = metrics.managementSeconds.labels('post', '200');
    child.observe(0.003, unrecorded);
    expect(child.exemplars).toBeUndefined();
    child.observe(0.004, recorded);
    child.observe(99, recorded);
    const before = await metrics.registry.metrics();
    const text = await openMetricsText(metrics.registry);
    const lines = text.split('\n').filter((line) => line.includes(' # {'));
    expect(lines).toEqual([
      expect.stringMatching(
        /^sluice_management_seconds_bucket\{le="0.005",kind="post",code="200"\} 2 # \{trace_id="a{32}"\} 0.004 \d+\.?\d*$/,
      ),
      expect.stringMatching(
        /^sluice_management_seconds_bucket\{le="\+Inf",.*\} 3 # \{trace_id="a{32}"\} 99 \d+\.?\d*$/,
      ),
    ]);
    expect(before).not.toContain(' # {');
    child.reset();
    expect(await openMetricsText(metrics.registry)).not.toContain(' # {');
  });

  it('takes metrics of the client library too', async () => {
    const registry = new Registry();
    const histogram = new Histogram({
      name: 'h',
      help: 'H.',
      buckets: [1, 2],
      labelNames: ['a'],
      registers: [registry],
    });
    histogram.labels('x').observe(1.5);
    new Summary({ name: 's', help: 'S.', percentiles: [0.5], registers: [registry] }).observe(3);
    expect(await openMetricsText(registry)).toBe(
      '# TYPE h histogram\n# HELP h H.\nh_bucket{le="1.0",a="x"} 0\nh_bucket{le="2.0",a="x"} 1\nh_bucket{le="+Inf",a="x"} 1\nh_sum{a="x"} 1.5\nh_count{a="x"} 1\n' +
        '# TYPE s summary\n# HELP s S.\ns{quantile="0.5"} 3\ns_sum 3\ns_count 1\n# EOF\n',
    );
  });

  it.each([
    ['application/openmetrics-text; version=1.0.0', true],
    ['application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1', true],
    ['text/plain, application/openmetrics-text;q=0', false],
    ['text/plain;version=0.0.4', false],
    ['*/*', false],
    [undefined, false],
  ])('is given to who accepts %j: %s', (accept, wanted) => {
    expect(wantsOpenMetrics(accept)).toBe(wanted);
  });
});
