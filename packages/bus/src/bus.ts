import type { Envelope, InboxAddress, InboxCommand } from '@sluice/contracts';

/**
 * The message bus: a stream of frames that a pool of routers works off, and an inbox for each process that is spoken to.
 * Two implementations, one conformance suite: `memory-bus.ts` (standalone) and `redis-bus.ts` (cluster).
 */
export interface Bus {
  /** Opens this process's way into the frame stream; `from` is the inbox that awaits verdicts and replies. */
  openProducer(from: InboxAddress): FrameProducer;

  /**
   * Works off the frame stream as one member of the router group. Reading pauses while `inflightMax` envelopes are
   * unsettled. The handler must not throw; every delivery must be settled exactly once.
   */
  consume(handler: (delivery: Delivery) => void, options?: { inflightMax?: number }): Promise<FrameConsumer>;

  /**
   * Opens the inbox that others reach under `address`, read in order. Commands come one batch at a time.
   * `onLost` is called when the inbox has ceased to exist on the bus (its lease ran out while this process was frozen, or
   * Redis came back empty): nothing more arrives until `reopen()`.
   */
  openInbox(address: InboxAddress, handlers: InboxHandlers): Promise<Inbox>;

  /**
   * Sends a command to an inbox, batched per tick, in order per inbox. `undelivered` is called at most once, and never when
   * the inbox has taken the command: `gone` where no such inbox exists (its owner is dead), `failed` where the bus refused
   * or did not answer in time (the command may still arrive).
   */
  send(
    to: InboxAddress,
    command: InboxCommand,
    undelivered?: (command: InboxCommand, reason: Undelivered) => void,
  ): void;

  readonly deadLetters: DeadLetters;

  /** Whether the bus answered lately. Admission uses it: while false, handshakes get 503 and frames are refused. */
  readonly available: boolean;

  /** Flushes what is queued, waits for it to be confirmed (bounded), and lets go of all connections. */
  close(): Promise<void>;
}

export type Undelivered = 'gone' | 'failed';

/** Why an envelope was not accepted: codes of the error registry. */
export type Refusal = 'bus_unavailable' | 'backlog_full';

export interface FrameProducer {
  /**
   * Adds an envelope to this tick's batch. The body is copied before this returns. `settled` is called exactly once, never
   * synchronously: without a refusal once the bus has confirmed the batch (only then the envelope is *accepted*), or with
   * the refusal. Pass a shared function, not a closure per frame: this is the hot path.
   */
  append(envelope: Envelope, settled?: (envelope: Envelope, refusal: Refusal | undefined) => void): void;

  /** Sends what is queued and waits until every append is settled. */
  drain(): Promise<void>;
}

/** One envelope handed to a router. */
export interface Delivery {
  readonly envelope: Envelope;
  /** Inbox that awaits the verdict or reply; empty where nobody does. */
  readonly from: InboxAddress;
  /** 1 the first time; more after a router died with it. */
  readonly deliveryCount: number;
  /** Identity of this envelope on the bus, the same on every redelivery. */
  readonly deliveryId: string;
  /** When the bus took it, ms since the epoch by the clock of the bus. */
  readonly enqueuedAtMs: number;
  /**
   * The final outcome is known. Commands sent with `send` before this call are confirmed by the bus before the entry is
   * acknowledged, so a reply is never lost with its router.
   */
  done(): void;
  /** The envelope cannot be processed: it goes to the dead-letter stream with this reason, atomically with its acknowledgement. */
  dead(reason: string): void;
}

export interface FrameConsumer {
  /** Envelopes delivered and not yet settled. */
  readonly inflight: number;
  /** Stops reading, waits for the deliveries in flight (at most `timeoutMs`), acknowledges; leaves the rest to the peers. */
  stop(timeoutMs: number): Promise<void>;
}

export interface InboxHandlers {
  onCommands(commands: InboxCommand[]): void;
  onLost(): void;
}

export interface Inbox {
  readonly address: InboxAddress;
  /** Makes the inbox again after `onLost`. Only its rightful owner may: an edge asks its lease first. */
  reopen(): Promise<void>;
  /** Removes the inbox from the bus; later sends to it are `gone`. */
  close(): Promise<void>;
}

export interface DeadLetter {
  id: string;
  reason: string;
  deadAtMs: number;
  deliveryCount: number;
  /** Where it came from: stream entry id of the frame stream. */
  originalId: string;
  envelope: Envelope | undefined;
  /** The entry as it was, where it could not be decoded. */
  raw: Uint8Array;
}

export interface DeadLetters {
  count(): Promise<number>;
  /** Oldest first. */
  list(options?: { countMax?: number; afterId?: string }): Promise<DeadLetter[]>;
  /** Puts dead letters back on the frame stream and removes them; all of them where no ids are given. Returns how many. */
  redrive(ids?: string[]): Promise<number>;
}
