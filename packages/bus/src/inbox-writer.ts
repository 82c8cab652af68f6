import { ByteWriter, type InboxCommand, limits, writeInboxCommand, writeInboxHead } from '@sluice/contracts';
import type { Undelivered } from './bus.js';

export type UndeliveredCallback = (command: InboxCommand, reason: Undelivered) => void;

/** Commands of one turn for one inbox, encoded: one entry of its stream. */
export interface CommandBatch {
  commands: InboxCommand[];
  callbacks: (UndeliveredCallback | undefined)[];
  bytes: Buffer;
  createdMs: number;
  /** Number of this batch among all of this process: a repeat is recognised by it. */
  sequence: number;
  attempts: number;
}

/** How many writers a waiter still waits for. */
export interface Countdown {
  left: number;
  callback: () => void;
}

/**
 * What one process has to say to one inbox. One batch is on its way at a time: that alone keeps the order when a batch has
 * to be sent again, and what gathers meanwhile makes the next batch larger.
 */
export class InboxWriter {
  private readonly writer = new ByteWriter(1_024);
  private commands: InboxCommand[] = [];
  private callbacks: (UndeliveredCallback | undefined)[] = [];
  private createdMs = 0;
  private readonly queue: CommandBatch[] = [];
  private queuedBytes = 0;
  /** Commands ever taken, and those confirmed or given up. */
  private taken = 0;
  private settled = 0;
  private waiters: { at: number; countdown: Countdown }[] = [];
  sending: CommandBatch | undefined;
  batchesSent = 0;
  /** The inbox holds too much: nothing is sent until a look at its length says otherwise. */
  overfull = false;
  lastUsedMs = performance.now();

  constructor(readonly stream: string) {}

  get idle(): boolean {
    return this.taken === this.settled;
  }

  /** Bytes taken and not yet confirmed. */
  get unsentBytes(): number {
    return this.queuedBytes + this.writer.length;
  }

  add(command: InboxCommand, undelivered: UndeliveredCallback | undefined): void {
    const { writer } = this;
    const first = this.commands.length === 0;
    if (first) {
      writer.reset();
      writeInboxHead(writer);
      this.createdMs = performance.now();
    }
    const before = writer.length;
    try {
      writeInboxCommand(writer, command);
    } catch (error) {
      writer.rewind(first ? 0 : before);
      throw error;
    }
    this.commands.push(command);
    this.callbacks.push(undelivered);
    this.taken++;
    if (writer.length >= limits.batchBytesMax) this.seal();
  }

  /** The batch to send next, or undefined where there is none or one is on its way. */
  next(sequence: () => number): CommandBatch | undefined {
    if (this.sending !== undefined) return undefined;
    if (this.queue.length === 0) this.seal();
    const batch = this.queue.shift();
    if (batch === undefined) return undefined;
    batch.sequence = sequence();
    this.sending = batch;
    this.batchesSent++;
    this.lastUsedMs = performance.now();
    return batch;
  }

  /** The batch on its way is confirmed, or given up for the reason. */
  finish(reason: Undelivered | undefined): void {
    const batch = this.sending;
    if (batch === undefined) return;
    this.sending = undefined;
    this.queuedBytes -= batch.bytes.length;
    this.settled += batch.commands.length;
    if (reason !== undefined) {
      for (let i = 0; i < batch.commands.length; i++) batch.callbacks[i]?.(batch.commands[i] as InboxCommand, reason);
    }
    while (this.waiters.length > 0 && (this.waiters[0]?.at ?? 0) <= this.settled) {
      const countdown = this.waiters.shift()?.countdown;
      if (countdown !== undefined && --countdown.left === 0) countdown.callback();
    }
  }

  /** Counts down once everything taken so far is settled. */
  wait(countdown: Countdown): void {
    this.waiters.push({ at: this.taken, countdown });
  }

  private seal(): void {
    if (this.commands.length === 0) return;
    const bytes = this.writer.copy();
    this.writer.reset();
    this.queuedBytes += bytes.length;
    const { commands, callbacks, createdMs } = this;
    this.queue.push({ commands, callbacks, bytes, createdMs, sequence: 0, attempts: 0 });
    this.commands = [];
    this.callbacks = [];
  }
}
