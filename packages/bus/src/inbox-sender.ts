import { type InboxAddress, type InboxCommand, limits } from '@sluice/contracts';
import type { RedisLink } from '@sluice/redis';
import type { Telemetry } from '@sluice/telemetry';
import type { Undelivered } from './bus.js';
import type { BusHealth } from './bus-health.js';
import { type CommandBatch, type Countdown, InboxWriter, type UndeliveredCallback } from './inbox-writer.js';
import type { BusKeys } from './keys.js';

/** An inbox's length is asked for with every so many batches: XADD does not tell it, and asking each time costs a command. */
const batchesPerLengthCheck = 64;
const idleWriterMs = 60_000;
const retryDelayMs = (attempts: number) => Math.min(1_000, 25 * 2 ** attempts) * (0.5 + Math.random() / 2);

/** Sends commands to inboxes: one entry per inbox and turn, in order, repeated while Redis is away. */
export class InboxSender {
  private readonly writers = new Map<InboxAddress, InboxWriter>();
  private readonly busy = new Set<InboxWriter>();
  private turn: InboxWriter[] = [];
  private scheduled = false;
  private sequence = 0;
  private closed = false;
  private refused: { command: InboxCommand; undelivered: UndeliveredCallback }[] = [];
  private readonly nextSequence = () => ++this.sequence;
  private readonly endOfTurn = () => this.flushTurn();
  private readonly sweeper: NodeJS.Timeout;

  constructor(
    private readonly writerId: string,
    private readonly keys: BusKeys,
    private readonly link: RedisLink,
    private readonly health: BusHealth,
    private readonly telemetry: Telemetry,
  ) {
    this.sweeper = setInterval(() => this.forgetIdle(), idleWriterMs);
    this.sweeper.unref();
  }

  send(to: InboxAddress, command: InboxCommand, undelivered?: UndeliveredCallback): void {
    const writer = this.writerOf(to);
    if (this.closed || writer.overfull || writer.unsentBytes > limits.inboxBytesMax) {
      this.count(command, 'failed');
      if (undelivered !== undefined) this.refused.push({ command, undelivered });
    } else {
      writer.add(command, undelivered);
      this.busy.add(writer);
      this.turn.push(writer);
    }
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(this.endOfTurn);
  }

  /** Calls back once every command sent so far is confirmed or given up; at once where none is under way. */
  whenConfirmed(callback: () => void): void {
    if (this.busy.size === 0) {
      callback();
      return;
    }
    const countdown: Countdown = { left: this.busy.size, callback };
    for (const writer of this.busy) writer.wait(countdown);
  }

  close(): void {
    this.closed = true;
    clearInterval(this.sweeper);
    for (const writer of this.busy) this.giveUp(writer);
    this.busy.clear();
  }

  private giveUp(writer: InboxWriter): void {
    while (writer.sending !== undefined || writer.next(this.nextSequence) !== undefined) {
      for (const command of writer.sending?.commands ?? []) this.count(command, 'failed');
      writer.finish('failed');
    }
  }

  private flushTurn(): void {
    this.scheduled = false;
    const { turn, refused } = this;
    this.turn = [];
    // A writer stands here once per command; the second time it has nothing left to send.
    for (const writer of turn) this.advance(writer);
    if (refused.length === 0) return;
    this.refused = [];
    for (const { command, undelivered } of refused) undelivered(command, 'failed');
  }

  private advance(writer: InboxWriter): void {
    if (this.closed) return;
    const batch = writer.next(this.nextSequence);
    if (batch !== undefined) this.attempt(writer, batch);
  }

  private attempt(writer: InboxWriter, batch: CommandBatch): void {
    batch.attempts++;
    if (writer.batchesSent % batchesPerLengthCheck === 0) this.checkLength(writer);
    const name = `${this.writerId}:${batch.sequence}`;
    this.link.call('XADD', [writer.stream, 'NOMKSTREAM', '*', name, batch.bytes]).then(
      (id) => {
        if (id !== null) this.finish(writer, undefined);
        // Inboxes have leases: after an outage their owners need a moment to make them again.
        else if (this.health.unsettled) this.retry(writer, batch, 'gone');
        else this.finish(writer, 'gone');
      },
      (error: Error) => {
        this.health.failed(error, undefined);
        this.retry(writer, batch, 'failed');
      },
    );
  }

  private retry(writer: InboxWriter, batch: CommandBatch, reason: Undelivered): void {
    if (writer.sending !== batch) return;
    if (this.closed || performance.now() - batch.createdMs > limits.inboxRetryMsMax) {
      this.finish(writer, reason);
      return;
    }
    setTimeout(() => {
      if (writer.sending !== batch) return;
      if (this.health.reachable) this.attempt(writer, batch);
      else this.retry(writer, batch, 'failed');
    }, retryDelayMs(batch.attempts));
  }

  private finish(writer: InboxWriter, reason: Undelivered | undefined): void {
    if (reason !== undefined) {
      const commands = writer.sending?.commands ?? [];
      for (const command of commands) this.count(command, reason);
      this.telemetry.log.debug('bus.undelivered', `${commands.length} commands were not taken`, { reason });
    }
    writer.finish(reason);
    this.advance(writer);
    if (writer.idle) this.busy.delete(writer);
  }

  private checkLength(writer: InboxWriter): void {
    this.link.call('XLEN', [writer.stream]).then(
      (length) => {
        writer.overfull = Number(length) > limits.inboxEntriesMax;
        // Nothing is sent any more, so nothing would ask again.
        if (writer.overfull) setTimeout(() => this.checkLength(writer), limits.backlogPollIntervalMs).unref();
      },
      () => {
        if (writer.overfull && !this.closed) {
          setTimeout(() => this.checkLength(writer), limits.backlogPollIntervalMs).unref();
        }
      },
    );
  }

  private writerOf(address: InboxAddress): InboxWriter {
    let writer = this.writers.get(address);
    if (writer === undefined) {
      writer = new InboxWriter(this.keys.inbox(address).stream);
      this.writers.set(address, writer);
    }
    return writer;
  }

  private forgetIdle(): void {
    const before = performance.now() - idleWriterMs;
    for (const [address, writer] of this.writers) {
      if (writer.idle && !writer.overfull && writer.lastUsedMs < before) this.writers.delete(address);
    }
  }

  private count(command: InboxCommand, reason: Undelivered): void {
    this.telemetry.metrics.inboxUndeliveredTotal.labels(command.kind, reason).inc();
  }
}
