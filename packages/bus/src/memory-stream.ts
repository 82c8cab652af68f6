import { type Envelope, type InboxAddress, limits } from '@sluice/contracts';
import type { Telemetry } from '@sluice/telemetry';
import type { DeadLetter, DeadLetters, Delivery, FrameConsumer } from './bus.js';
import { encodeSingle } from './dead-letter-entry.js';

interface Waiting {
  id: number;
  from: InboxAddress;
  envelope: Envelope;
  deliveries: number;
}

/** What one stream and one dead-letter stream are to a cluster: everything of a single process, bounded, gone with it. */
export class MemoryStream implements DeadLetters {
  private waiting: Waiting[] = [];
  private head = 0;
  private nextId = 1;
  private scheduled = false;
  private nextConsumer = 0;
  private readonly consumers: MemoryConsumer[] = [];
  private letters: { letter: DeadLetter; from: InboxAddress }[] = [];
  private readonly endOfTurn = () => this.deliver();
  /** Payload bytes that wait or are in work. */
  bytes = 0;

  private readonly lengthGauge: { set(value: number): void };

  constructor(private readonly telemetry: Telemetry) {
    this.lengthGauge = telemetry.metrics.streamLength.labels('0');
    telemetry.metrics.deadLettersLimit.labels('0').set(limits.deadLettersMax);
  }

  get length(): number {
    return this.waiting.length - this.head;
  }

  push(from: InboxAddress, envelope: Envelope): void {
    this.bytes += sizeOf(envelope);
    this.waiting.push({ id: this.nextId++, from, envelope, deliveries: 0 });
    this.schedule();
  }

  join(handler: (delivery: Delivery) => void, inflightMax: number): FrameConsumer {
    const consumer = new MemoryConsumer(this, handler, inflightMax);
    this.consumers.push(consumer);
    this.schedule();
    return consumer;
  }

  /** What a consumer that leaves has not finished goes to the others, first of all. */
  leave(consumer: MemoryConsumer, unfinished: Waiting[]): void {
    const at = this.consumers.indexOf(consumer);
    if (at !== -1) this.consumers.splice(at, 1);
    if (unfinished.length > 0) this.waiting = [...unfinished, ...this.waiting.slice(this.head)];
    if (unfinished.length > 0) this.head = 0;
    this.schedule();
  }

  finished({ envelope }: Waiting): void {
    this.bytes -= sizeOf(envelope);
    if (this.length > 0) this.schedule();
  }

  bury(item: Waiting, reason: string): void {
    const { metrics, log } = this.telemetry;
    const raw = encodeSingle(item.from, item.envelope);
    this.letters.push({
      from: item.from,
      letter: {
        id: `${Date.now()}-${item.id}:0`,
        reason: reason.slice(0, 1_024),
        deadAtMs: Date.now(),
        deliveryCount: item.deliveries,
        originalId: String(item.id),
        envelope: item.envelope,
        raw,
      },
    });
    metrics.deadLettersTotal.labels('0', 'handler').inc();
    log.warn('bus.dead_letter', `an envelope went to the dead letters: ${reason}`);
    if (this.letters.length > limits.deadLettersMax) {
      this.letters.shift();
      metrics.streamTrimmedTotal.labels('0', 'dead_letters').inc();
    }
    metrics.deadLetters.labels('0').set(this.letters.length);
  }

  async count(): Promise<number> {
    return this.letters.length;
  }

  async list(options: { countMax?: number; afterId?: string } = {}): Promise<DeadLetter[]> {
    const after = this.letters.findIndex(({ letter }) => letter.id === options.afterId);
    return this.letters.slice(after + 1, after + 1 + (options.countMax ?? 100)).map(({ letter }) => letter);
  }

  async redrive(ids?: string[]): Promise<number> {
    const chosen = ids === undefined ? undefined : new Set(ids);
    const moved = this.letters.filter(({ letter }) => chosen === undefined || chosen.has(letter.id));
    this.letters = this.letters.filter((entry) => !moved.includes(entry));
    for (const { letter, from } of moved) if (letter.envelope !== undefined) this.push(from, letter.envelope);
    this.telemetry.metrics.deadLetters.labels('0').set(this.letters.length);
    return moved.length;
  }

  private schedule(): void {
    if (this.scheduled || this.consumers.length === 0) return;
    this.scheduled = true;
    setImmediate(this.endOfTurn);
  }

  private deliver(): void {
    this.scheduled = false;
    while (this.head < this.waiting.length) {
      const consumer = this.consumerWithRoom();
      if (consumer === undefined) break;
      const item = this.waiting[this.head++] as Waiting;
      item.deliveries++;
      consumer.take(item);
    }
    // Shifting an array of thousands for each envelope would copy it each time; now and then is enough.
    if (this.head > 1_024 || this.head === this.waiting.length) {
      this.waiting = this.waiting.slice(this.head);
      this.head = 0;
    }
    this.lengthGauge.set(this.length);
  }

  private consumerWithRoom(): MemoryConsumer | undefined {
    for (let i = 0; i < this.consumers.length; i++) {
      const consumer = this.consumers[(this.nextConsumer + i) % this.consumers.length];
      if (consumer === undefined || !consumer.hasRoom) continue;
      this.nextConsumer = (this.nextConsumer + i + 1) % this.consumers.length;
      return consumer;
    }
    return undefined;
  }
}

class MemoryConsumer implements FrameConsumer {
  private readonly unfinished = new Map<Delivery, Waiting>();
  private stopping = false;
  private idle: (() => void) | undefined;

  constructor(
    private readonly stream: MemoryStream,
    private readonly handler: (delivery: Delivery) => void,
    private readonly inflightMax: number,
  ) {}

  get inflight(): number {
    return this.unfinished.size;
  }

  get hasRoom(): boolean {
    return !this.stopping && this.unfinished.size < this.inflightMax;
  }

  take(item: Waiting): void {
    const settle = (reason: string | undefined) => {
      if (!this.unfinished.delete(delivery)) return;
      if (reason !== undefined) this.stream.bury(item, reason);
      this.stream.finished(item);
      if (this.unfinished.size === 0) this.idle?.();
    };
    const delivery: Delivery = {
      envelope: item.envelope,
      from: item.from,
      deliveryCount: item.deliveries,
      deliveryId: `0:${item.id}:0`,
      enqueuedAtMs: item.envelope.timeMs,
      done: () => settle(undefined),
      dead: (reason) => settle(reason),
    };
    this.unfinished.set(delivery, item);
    this.handler(delivery);
  }

  async stop(timeoutMs: number): Promise<void> {
    if (this.stopping) return;
    this.stopping = true;
    if (this.unfinished.size > 0) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.idle = resolve;
        timer = setTimeout(resolve, timeoutMs);
      });
      clearTimeout(timer);
    }
    const left = [...this.unfinished.values()];
    this.unfinished.clear();
    this.stream.leave(this, left);
  }
}

function sizeOf(envelope: Envelope): number {
  return envelope.kind === 'MESSAGE' ? envelope.body.length : 0;
}
