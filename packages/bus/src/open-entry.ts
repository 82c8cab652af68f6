import { type Envelope, type InboxAddress, limits } from '@sluice/contracts';
import type { Delivery } from './bus.js';
import type { ShardKeys } from './keys.js';

/** Who is told what became of the envelopes of an entry. */
export interface EntryOwner {
  done(entry: OpenEntry, index: number): void;
  dead(entry: OpenEntry, index: number, reason: string): void;
}

/** A stream entry (one batch) in work at this router. */
export class OpenEntry {
  /** One bit per envelope, set when it is settled: what goes into the progress hash. */
  readonly settled: Buffer;
  remaining: number;
  /** How many bits the progress hash has seen. */
  recorded = 0;
  readonly readAtMs = performance.now();
  renewedAtMs = performance.now();
  /** Whether this entry has ever been handed out here, in part at least. */
  started = false;

  constructor(
    readonly shard: ShardKeys,
    readonly id: string,
    readonly from: InboxAddress,
    readonly envelopes: Envelope[],
    readonly deliveryCount: number,
    progress: Buffer | undefined,
  ) {
    this.settled = Buffer.alloc((envelopes.length + 7) >> 3);
    if (progress !== undefined) progress.copy(this.settled, 0, 0, this.settled.length);
    this.remaining = 0;
    for (let i = 0; i < envelopes.length; i++) if (!this.isSettled(i)) this.remaining++;
    this.recorded = envelopes.length - this.remaining;
  }

  /** A batch that keeps coming back may hold what kills its routers: its envelopes go one at a time, with a note after each. */
  get oneAtATime(): boolean {
    return this.deliveryCount >= limits.deliveriesSerialFrom;
  }

  get settledCount(): number {
    return this.envelopes.length - this.remaining;
  }

  isSettled(index: number): boolean {
    return ((this.settled[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
  }

  /** False where the envelope was settled before. */
  settle(index: number): boolean {
    if (this.isSettled(index)) return false;
    this.settled[index >> 3] = (this.settled[index >> 3] ?? 0) | (1 << (index & 7));
    this.remaining--;
    return true;
  }

  /** The first envelope that is not settled, or -1. */
  firstUnfinished(): number {
    for (let i = 0; i < this.envelopes.length; i++) if (!this.isSettled(i)) return i;
    return -1;
  }

  /** The bitmap as it would be with one more envelope settled. */
  settledWith(index: number): Buffer {
    const bitmap = Buffer.from(this.settled);
    bitmap[index >> 3] = (bitmap[index >> 3] ?? 0) | (1 << (index & 7));
    return bitmap;
  }
}

/** One envelope of an entry, handed to the handler. */
export class EntryDelivery implements Delivery {
  private open = true;

  constructor(
    private readonly owner: EntryOwner,
    private readonly entry: OpenEntry,
    private readonly index: number,
    readonly envelope: Envelope,
  ) {}

  get from(): InboxAddress {
    return this.entry.from;
  }

  get deliveryCount(): number {
    return this.entry.deliveryCount;
  }

  get deliveryId(): string {
    return `${this.entry.shard.label}:${this.entry.id}:${this.index}`;
  }

  /** An entry's id begins with its time of arrival. */
  get enqueuedAtMs(): number {
    return Number.parseInt(this.entry.id, 10);
  }

  done(): void {
    if (!this.open) return;
    this.open = false;
    this.owner.done(this.entry, this.index);
  }

  dead(reason: string): void {
    if (!this.open) return;
    this.open = false;
    this.owner.dead(this.entry, this.index, reason);
  }
}
