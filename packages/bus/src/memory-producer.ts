import { type Envelope, type InboxAddress, limits } from '@sluice/contracts';
import type { FrameProducer, Refusal } from './bus.js';
import type { MemoryStream } from './memory-stream.js';

type Settled = (envelope: Envelope, refusal: Refusal | undefined) => void;

/** The way into the in-process stream. Settling is put off to the end of the turn, as it would be over a network. */
export class MemoryProducer implements FrameProducer {
  private settling: { envelope: Envelope; callback: Settled; refusal: Refusal | undefined }[] = [];
  private scheduled = false;
  private drained: (() => void)[] = [];
  private readonly endOfTurn = () => this.settle();

  constructor(
    private readonly from: InboxAddress,
    private readonly stream: MemoryStream,
    private readonly closed: () => boolean,
  ) {}

  append(envelope: Envelope, settled?: Settled): void {
    const refusal = this.refusal();
    if (refusal === undefined) this.stream.push(this.from, copyOf(envelope));
    if (settled !== undefined) this.settling.push({ envelope, callback: settled, refusal });
    if (this.scheduled || this.settling.length === 0) return;
    this.scheduled = true;
    setImmediate(this.endOfTurn);
  }

  drain(): Promise<void> {
    if (this.settling.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.drained.push(resolve));
  }

  private refusal(): Refusal | undefined {
    if (this.closed()) return 'bus_unavailable';
    const { length, bytes } = this.stream;
    return length >= limits.backlogEntriesMax || bytes >= limits.appendInflightBytesMax ? 'backlog_full' : undefined;
  }

  private settle(): void {
    this.scheduled = false;
    const { settling } = this;
    this.settling = [];
    for (const { envelope, callback, refusal } of settling) callback(envelope, refusal);
    for (const resolve of this.drained.splice(0)) resolve();
  }
}

function copyOf(envelope: Envelope): Envelope {
  return envelope.kind === 'MESSAGE' ? { ...envelope, body: Buffer.from(envelope.body) } : envelope;
}
