import type { Registry } from 'prom-client';
import type { LabelCap } from './label-cap.js';
import { isSampled, traceIdOf } from './traceparent.js';

/**
 * Counters, gauges and histograms whose increment is an addition. The children of prom-client hash and check their labels
 * again at every `inc` and `observe`: 0.2 and 0.36 µs measured, eight times per message, where a whole message may cost
 * 18 µs over all processes. Here labels are looked at once, by `labels(...)`; a scrape turns the numbers into text through
 * prom-client's registry, which takes anything that has a name and a `get()`.
 */
abstract class PlainMetric<Label extends string, Child extends { reset(): void }> {
  abstract readonly type: 'counter' | 'gauge' | 'histogram';
  readonly aggregator = 'sum';
  protected readonly children = new Map<string, { labels: Record<string, string>; child: Child }>();

  constructor(
    readonly name: string,
    readonly help: string,
    private readonly labelNames: readonly Label[],
    /** Shared by the metrics of a process; unset: every value is shown. */
    private readonly cap?: LabelCap,
  ) {}

  protected abstract newChild(): Child;
  protected abstract samplesOf(child: Child, labels: Record<string, string>): Sample[];

  /**
   * The child with these labels: their values in the order of the definition, or an object. Keep it: the look-up costs more
   * than its use. Throws `RangeError` where a label is missing or too many are given.
   */
  labels(...given: string[] | [Record<Label, string>]): Child {
    const values = this.valuesOf(given);
    const known = this.children.get(values.join('\0'));
    if (known !== undefined) return known.child;
    if (values.length !== this.labelNames.length || values.includes(undefined)) {
      throw new RangeError(
        `${this.name} has the labels ${this.labelNames.join(', ') || '(none)'}, not ${given.join(', ')}`,
      );
    }
    return this.childOf(this.cap?.fit(this.labelNames, values as string[]) ?? (values as string[]));
  }

  private childOf(values: readonly string[]): Child {
    const key = values.join('\0');
    const known = this.children.get(key);
    if (known !== undefined) return known.child;
    const labels = Object.fromEntries(this.labelNames.map((label, index) => [label, values[index] as string]));
    const child = this.newChild();
    this.children.set(key, { labels, child });
    return child;
  }

  /** Forgets the series with these labels, for example of a stage that no longer exists. */
  remove(...given: string[] | [Record<Label, string>]): void {
    this.children.delete(this.valuesOf(given).join('\0'));
  }

  /** Sets every series back to zero. Children that someone holds stay good. */
  reset(): void {
    for (const { child } of this.children.values()) child.reset();
  }

  /** What prom-client's registry calls at a scrape. */
  async get() {
    const { name, help, type, aggregator } = this;
    // The one series of a metric without labels is there from the start, as a rate over it needs its zero.
    if (this.labelNames.length === 0) this.labels();
    const values = [...this.children.values()].flatMap(({ child, labels }) => this.samplesOf(child, labels));
    return { name, help, type, aggregator, values };
  }

  private valuesOf(given: string[] | [Record<Label, string>]): (string | undefined)[] {
    const [first] = given;
    return typeof first === 'object' ? this.labelNames.map((label) => first[label]) : (given as string[]);
  }
}

interface Sample {
  metricName?: string;
  labels: Record<string, string | number>;
  value: number;
  exemplar?: Exemplar | undefined;
}

/** One observation of a bucket with the trace that it belongs to. */
export interface Exemplar {
  traceId: string;
  value: number;
  atMs: number;
}

export class CounterChild {
  value = 0;

  /** Throws `RangeError` for a negative or non-finite value: a counter only rises. */
  inc(value = 1): void {
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) throw new RangeError(`a counter cannot go by ${value}`);
    this.value += value;
  }

  reset(): void {
    this.value = 0;
  }
}

export class GaugeChild {
  value = 0;

  inc(value = 1): void {
    this.value += value;
  }

  dec(value = 1): void {
    this.value -= value;
  }

  set(value: number): void {
    this.value = value;
  }

  reset(): void {
    this.value = 0;
  }
}

export class HistogramChild {
  /** Observations per bucket, not yet added up; the last one is +Inf. */
  readonly counts: Float64Array;
  sum = 0;
  /** The newest of each bucket; undefined while no trace has come by. */
  exemplars: (Exemplar | undefined)[] | undefined;

  constructor(private readonly bounds: readonly number[]) {
    this.counts = new Float64Array(bounds.length + 1);
  }

  /**
   * Throws `RangeError` for NaN and infinities, which would spoil the sum for good. `traceparent`: what the observation belongs
   * to; where that is recorded, the bucket points to it.
   */
  observe(value: number, traceparent?: string): void {
    if (!Number.isFinite(value)) throw new RangeError(`cannot observe ${value}`);
    const { bounds, counts } = this;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++;
    counts[bucket] = (counts[bucket] as number) + 1;
    this.sum += value;
    if (isSampled(traceparent)) this.exemplify(bucket, value, traceparent);
  }

  reset(): void {
    this.counts.fill(0);
    this.sum = 0;
    this.exemplars = undefined;
  }

  private exemplify(bucket: number, value: number, traceparent: string): void {
    this.exemplars ??= [];
    this.exemplars[bucket] = { traceId: traceIdOf(traceparent), value, atMs: Date.now() };
  }
}

export class PlainCounter<Label extends string = string> extends PlainMetric<Label, CounterChild> {
  readonly type = 'counter';

  /** Counts in the only series of a metric without labels. */
  inc(value = 1): void {
    this.labels().inc(value);
  }

  protected newChild(): CounterChild {
    return new CounterChild();
  }

  protected samplesOf({ value }: CounterChild, labels: Record<string, string>): Sample[] {
    return [{ labels, value }];
  }
}

export class PlainGauge<Label extends string = string> extends PlainMetric<Label, GaugeChild> {
  readonly type = 'gauge';

  set(value: number): void {
    this.labels().set(value);
  }

  inc(value = 1): void {
    this.labels().inc(value);
  }

  dec(value = 1): void {
    this.labels().dec(value);
  }

  protected newChild(): GaugeChild {
    return new GaugeChild();
  }

  protected samplesOf({ value }: GaugeChild, labels: Record<string, string>): Sample[] {
    return [{ labels, value }];
  }
}

export class PlainHistogram<Label extends string = string> extends PlainMetric<Label, HistogramChild> {
  readonly type = 'histogram';

  constructor(
    name: string,
    help: string,
    labelNames: readonly Label[],
    private readonly bounds: readonly number[],
    cap?: LabelCap,
  ) {
    super(name, help, labelNames, cap);
  }

  observe(value: number, traceparent?: string): void {
    this.labels().observe(value, traceparent);
  }

  protected newChild(): HistogramChild {
    return new HistogramChild(this.bounds);
  }

  protected samplesOf({ counts, sum, exemplars }: HistogramChild, labels: Record<string, string>): Sample[] {
    let count = 0;
    const buckets = Array.from(counts, (inBucket, index) => {
      count += inBucket;
      return {
        metricName: `${this.name}_bucket`,
        labels: { le: this.bounds[index] ?? '+Inf', ...labels },
        value: count,
        exemplar: exemplars?.[index],
      };
    });
    return [
      ...buckets,
      { metricName: `${this.name}_sum`, labels, value: sum },
      { metricName: `${this.name}_count`, labels, value: count },
    ];
  }
}

/** Shows a metric at every scrape of this registry. Throws where its name is taken. */
export function register(registry: Registry, metric: PlainCounter | PlainGauge | PlainHistogram): void {
  registry.registerMetric(metric as unknown as Parameters<Registry['registerMetric']>[0]);
}
