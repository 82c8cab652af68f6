import { Histogram, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { PlainCounter, PlainGauge, PlainHistogram, register } from './plain-metrics.js';

describe('plain metrics', () => {
  it('counts per set of labels, whichever way they are given', async () => {
    const registry = new Registry();
    const counter = new PlainCounter('c_total', 'Counts.', ['a', 'b']);
    register(registry, counter);
    counter.labels('x', 'y').inc();
    counter.labels({ b: 'y', a: 'x' }).inc(2);
    counter.labels('x', 'it"s\n').inc(0);
    expect(await registry.metrics()).toBe(
      '# HELP c_total Counts.\n# TYPE c_total counter\nc_total{a="x",b="y"} 3\nc_total{a="x",b="it\\"s\\n"} 0\n',
    );
    counter.remove('x', 'y');
    expect(await registry.metrics()).not.toContain('b="y"');
    expect(() => counter.labels('x')).toThrow('c_total has the labels a, b');
    expect(() => counter.labels({ a: 'x' } as { a: string; b: string })).toThrow(RangeError);
    expect(() => counter.labels('x', 'y').inc(-1)).toThrow(RangeError);
    expect(() => counter.labels('x', 'y').inc(Number.NaN)).toThrow(RangeError);
  });

  it('shows the one series of a metric without labels from the start', async () => {
    const registry = new Registry();
    const gauge = new PlainGauge('g', 'Level.', []);
    register(registry, gauge);
    expect(await registry.metrics()).toContain('\ng 0\n');
    gauge.set(5);
    gauge.inc();
    gauge.dec(2);
    expect(await registry.metrics()).toContain('\ng 4\n');
    const held = gauge.labels();
    gauge.reset();
    expect(await registry.metrics()).toContain('\ng 0\n');
    held.inc();
    expect(await registry.metrics()).toContain('\ng 1\n');
  });

  it('writes a histogram as prom-client itself does', async () => {
    const [ours, theirs] = [new Registry(), new Registry()];
    const bounds = [0.005, 0.1, 1];
    const plain = new PlainHistogram('h_seconds', 'Time.', ['route'], bounds);
    register(ours, plain);
    const options = { name: 'h_seconds', help: 'Time.', labelNames: ['route'], buckets: bounds, registers: [theirs] };
    const reference = new Histogram(options);
    for (const value of [0, 0.005, 0.0051, 0.1, 0.7, 1, 1.01, 500]) {
      plain.labels('a').observe(value);
      reference.labels('a').observe(value);
      plain.labels('b').observe(value / 3);
      reference.labels('b').observe(value / 3);
    }
    expect(await ours.metrics()).toBe(await theirs.metrics());
    expect(() => plain.labels('a').observe(Number.NaN)).toThrow(RangeError);
  });

  it('refuses a name that is taken', () => {
    const registry = new Registry();
    register(registry, new PlainGauge('g', 'Level.', []));
    expect(() => register(registry, new PlainGauge('g', 'Other.', []))).toThrow('already been registered');
  });
});
