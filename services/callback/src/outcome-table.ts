import type { Bus, Undelivered } from '@sluice/bus';
import type { ConnectionStore, NodeState } from '@sluice/connections';
import {
  type ConnectionDescription,
  type DeleteCommand,
  edgeInbox,
  type GetCommand,
  type InboxAddress,
  type InboxCommand,
  limits,
  type OutcomeResult,
  type PostCommand,
} from '@sluice/contracts';
import { PendingAsks } from './pending-asks.js';

export type AskCommand = PostCommand | GetCommand | DeleteCommand;
/** What a caller says; the table adds where the answer goes. */
export type Ask = AskCommand extends infer C
  ? C extends AskCommand
    ? Omit<C, 'replyTo' | 'correlation'>
    : never
  : never;

/** `failed`: nobody knows whether the edge has done it. */
export interface Outcome {
  result: OutcomeResult | 'failed';
  connection: ConnectionDescription | undefined;
}

/** One command on its way, until its outcome is known. */
export interface PendingAsk {
  readonly command: AskCommand;
  readonly nodeSlot: number;
  readonly askedAtMs: number;
  readonly settled: (outcome: Outcome) => void;
  /** Set while the edge's inbox was absent and its node may yet be alive. */
  resendAtMs: number | undefined;
}

export interface OutcomeTableParts {
  bus: Bus;
  connections: Pick<ConnectionStore, 'nodeState'>;
  replyTo: InboxAddress;
  inflightMax: number;
  deliveryTimeoutMs: number;
}

const gone: Outcome = { result: 'gone', connection: undefined };
const failed: Outcome = { result: 'failed', connection: undefined };

/**
 * Commands sent to edges and not yet answered, by correlation number. All wait equally long, so their order is that of their
 * deadlines: one coarse timer looks at the oldest only, whatever their number.
 *
 *     ask ─► bus ─► OUTCOME ────────────────────────────► its result
 *             ├─ no such inbox: node gone ──────────────► gone
 *             │                 live or unknown ─► again  (its edge may be about to make the inbox anew)
 *             ├─ bus refused ───────────────────────────► failed
 *             └─ silence: node gone, asked now and then ► gone
 *                         time over ────────────────────► failed
 */
export class OutcomeTable {
  private readonly pending = new PendingAsks<PendingAsk>();
  private readonly nodeQuestions = new Map<number, Promise<NodeState>>();
  private polledAtMs = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly parts: OutcomeTableParts) {}

  get size(): number {
    return this.pending.size;
  }

  get full(): boolean {
    return this.pending.size >= this.parts.inflightMax;
  }

  /** Sends a command to the edge of this node slot. `settled` is called once, unless the ask is forgotten first. */
  ask(nodeSlot: number, ask: Ask, settled: (outcome: Outcome) => void): PendingAsk {
    const command = commandOf(ask, this.parts.replyTo, this.pending.nextCorrelation());
    const pending: PendingAsk = { command, nodeSlot, askedAtMs: performance.now(), settled, resendAtMs: undefined };
    this.pending.add(pending);
    this.timer ??= setInterval(this.sweep, limits.undeliveredRetryIntervalMs).unref();
    this.parts.bus.send(edgeInbox(nodeSlot), command, this.onUndelivered);
    return pending;
  }

  /** Nobody waits for this outcome any more. */
  forget(pending: PendingAsk): void {
    this.pending.delete(pending.command.correlation);
  }

  /** Takes what arrives in this process's inbox. An outcome that nobody waits for came too late, or after an abort. */
  readonly onCommands = (commands: InboxCommand[]): void => {
    for (const command of commands) {
      if (command.kind === 'OUTCOME') this.settle(this.pending.get(command.correlation), command);
    }
  };

  /** Fails whatever is left. */
  close(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    for (const pending of this.pending) this.settle(pending, failed);
  }

  private settle(pending: PendingAsk | undefined, outcome: Outcome): void {
    if (pending !== undefined && this.pending.delete(pending.command.correlation)) pending.settled(outcome);
  }

  private readonly onUndelivered = (command: InboxCommand, reason: Undelivered): void => {
    const pending = 'correlation' in command ? this.pending.get(command.correlation) : undefined;
    if (pending === undefined) return;
    if (reason === 'failed') return this.settle(pending, failed);
    void this.nodeState(pending.nodeSlot).then((state) => {
      if (state === 'gone') this.settle(pending, gone);
      // A live node without an inbox is starting, or its Redis came back empty: 410 would be a lie that makes back ends
      // delete the connection.
      else pending.resendAtMs = performance.now() + limits.undeliveredRetryIntervalMs;
    });
  };

  private readonly sweep = (): void => {
    const nowMs = performance.now();
    const pollDue = nowMs - this.polledAtMs >= limits.nodeStatePollIntervalMs;
    const silentSlots = new Set<number>();
    // Deleting while walking is safe, and an ask made by a `settled` stands at its end.
    for (const pending of this.pending) {
      const ageMs = nowMs - pending.askedAtMs;
      if (ageMs < limits.undeliveredRetryIntervalMs) break;
      if (ageMs >= this.parts.deliveryTimeoutMs) this.settle(pending, failed);
      else if (pending.resendAtMs !== undefined) this.resend(pending, nowMs);
      else if (pollDue && ageMs >= limits.nodeStatePollIntervalMs) silentSlots.add(pending.nodeSlot);
    }
    if (pollDue) this.polledAtMs = nowMs;
    for (const slot of silentSlots) void this.endIfDead(slot, nowMs);
    if (this.pending.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  };

  private resend(pending: PendingAsk, nowMs: number): void {
    if (pending.resendAtMs === undefined || pending.resendAtMs > nowMs) return;
    pending.resendAtMs = undefined;
    this.parts.bus.send(edgeInbox(pending.nodeSlot), pending.command, this.onUndelivered);
  }

  /** A node found dead can answer nothing that was sent to it before the question. */
  private async endIfDead(slot: number, askedBeforeMs: number): Promise<void> {
    if ((await this.nodeState(slot)) !== 'gone') return;
    for (const pending of this.pending) {
      if (pending.nodeSlot === slot && pending.askedAtMs < askedBeforeMs) this.settle(pending, gone);
    }
  }

  /** One question per node at a time, however many wait for it. A store that does not answer knows nothing. */
  private nodeState(slot: number): Promise<NodeState> {
    let question = this.nodeQuestions.get(slot);
    if (question === undefined) {
      question = this.parts.connections
        .nodeState(slot)
        .catch((): NodeState => 'unknown')
        .finally(() => this.nodeQuestions.delete(slot));
      this.nodeQuestions.set(slot, question);
    }
    return question;
  }
}

/** Written out: with a spread and two more members V8 takes its slow path, which cost 6 of the 9 µs that a POST took here. */
function commandOf(ask: Ask, replyTo: InboxAddress, correlation: number): AskCommand {
  const { connectionId, traceparent, apiId } = ask;
  switch (ask.kind) {
    case 'POST':
      return {
        kind: 'POST',
        connectionId,
        replyTo,
        correlation,
        traceparent,
        apiId,
        body: ask.body,
        binary: ask.binary,
      };
    case 'GET':
      return { kind: 'GET', connectionId, replyTo, correlation, traceparent, apiId };
    case 'DELETE':
      return { kind: 'DELETE', connectionId, replyTo, correlation, traceparent, apiId };
  }
}
