import { type Close, type ConnectionId, type DoneCommand, limits, type MessageEnvelope } from '@sluice/contracts';
import type { Telemetry } from '@sluice/telemetry';
import { monotonicMs } from './clock.js';
import type { Connection } from './connection.js';
import type { Lifetime } from './lifetime.js';
import type { AppendSettled, MessageAppender } from './message-appender.js';
import { newLane, type OrderedLane } from './ordered-lane.js';

type OrderedCounts = Record<'sent' | 'done' | 'refused' | 'overdue' | 'dropped', { inc(by?: number): void }> & {
  waiting: { inc(): void; dec(by?: number): void };
};

/**
 * Messages of routes with `order: connection`: one of a connection is on its way at a time, the others wait here.
 *
 *     take ─► on its way ─┬─ DONE of a router ──► the next one
 *       │                 ├─ the bus refused it ► error frame, then the next one
 *       │                 └─ orderedDoneTimeoutMs without a word ► the next one, logged and counted
 *       ├─ another is on its way ► waits        its client closes ► goes on for orderedAfterCloseMs, and only then
 *       └─ too much waits ──────► error frame     $disconnect; what still waits after that was never accepted and is dropped
 *
 * A client that sends and closes at once is therefore heard in full, as it is without order, and a back end learns of the end last.
 * Connections that send nothing ordered are not in this table.
 */
export class OrderedMessages {
  private readonly lanes = new Map<ConnectionId, OrderedLane>();
  /** Metric children by API: their look-up costs more than the count. */
  private readonly countsByApi = new Map<string, OrderedCounts>();
  private waitingBytes = 0;
  private ended = 0;

  constructor(
    private readonly appender: MessageAppender,
    private readonly lifetime: Pick<Lifetime, 'watchLane' | 'forget'>,
    private readonly telemetry: Telemetry,
    /** Sends the `$disconnect` that was put off. */
    private readonly announce: (connection: Connection, close: Close) => void,
  ) {}

  /** Closed connections whose messages are not all done: their `$disconnect` is still owed. */
  get endedCount(): number {
    return this.ended;
  }

  has(connectionId: ConnectionId): boolean {
    return this.lanes.has(connectionId);
  }

  /** A message of an ordered route, its body still the library's. */
  take(envelope: MessageEnvelope, connection: Connection): void {
    envelope.ordered = true;
    const lane = this.lanes.get(connection.id);
    if (lane === undefined) {
      const opened = newLane(connection, envelope.messageId);
      this.lanes.set(connection.id, opened);
      this.send(opened, envelope, monotonicMs());
    } else if (this.isFull(lane, envelope.body.length)) {
      this.counts(lane).refused.inc();
      this.appender.refuse(envelope, 'throttled', 'ordered_waiting');
    } else {
      envelope.body = envelope.body.slice();
      lane.waiting.push(envelope);
      this.resize(lane, envelope.body.length);
      this.counts(lane).waiting.inc();
    }
  }

  /** A router has settled this message. A second word on it, or a late one, changes nothing. */
  done({ connectionId, messageId }: DoneCommand): void {
    const lane = this.lanes.get(connectionId);
    if (lane === undefined || lane.inflight !== messageId) return;
    this.counts(lane).done.inc();
    this.next(lane);
  }

  /** The deadline of a lane, set at each message that it sends. */
  overdue(lane: OrderedLane, nowMs: number): void {
    const { connection } = lane;
    if (lane.ended !== undefined && nowMs >= lane.ended.untilMs) {
      this.close(lane, `${limits.orderedAfterCloseMs} ms after their client had closed`);
      return;
    }
    this.counts(lane).overdue.inc();
    this.telemetry.log.warn(
      'edge.order_overdue',
      `no router has said within ${limits.orderedDoneTimeoutMs} ms that an ordered message is done (a dead letter?); the next one goes`,
      {
        api: connection.stage.apiId,
        stage: connection.stage.stageName,
        connection_id: connection.id,
        message_id: lane.inflight,
      },
    );
    this.next(lane, nowMs);
  }

  /** Whether the `$disconnect` of this connection waits for its messages; then it is announced from here. */
  putsOff(connection: Connection, close: Close): boolean {
    const lane = this.lanes.get(connection.id);
    if (lane === undefined) return false;
    this.ended++;
    lane.ended = { close, untilMs: monotonicMs() + limits.orderedAfterCloseMs };
    this.lifetime.watchLane(lane, lane.ended.untilMs);
    return true;
  }

  /** Nothing more can be sent: this node is not ours any more, or the process ends. */
  abandonAll(why: string): void {
    for (const lane of [...this.lanes.values()]) this.close(lane, why);
  }

  private isFull(lane: OrderedLane, byteLength: number): boolean {
    return (
      lane.waiting.length >= limits.orderedWaitingMessagesMax ||
      lane.waitingBytes + byteLength > limits.orderedWaitingBytesMax ||
      this.waitingBytes + byteLength > limits.orderedWaitingNodeBytesMax
    );
  }

  private next(lane: OrderedLane, nowMs = monotonicMs()): void {
    const envelope = lane.waiting.shift();
    if (envelope === undefined) {
      this.close(lane, '');
      return;
    }
    this.resize(lane, -envelope.body.length);
    this.counts(lane).waiting.dec();
    // A message before it may have renewed the connection's authorization.
    envelope.connectionContext = lane.connection.context;
    lane.inflight = envelope.messageId;
    this.send(lane, envelope, nowMs);
  }

  private send(lane: OrderedLane, envelope: MessageEnvelope, nowMs: number): void {
    const dueMs = nowMs + limits.orderedDoneTimeoutMs;
    this.lifetime.watchLane(lane, Math.min(dueMs, lane.ended?.untilMs ?? dueMs));
    this.counts(lane).sent.inc();
    this.appender.append(envelope, lane.connection, this.settled);
  }

  private readonly settled: AppendSettled = (envelope, refusal) => {
    if (refusal === undefined) return;
    this.appender.refuse(envelope, refusal);
    const lane = this.lanes.get(envelope.connectionId);
    if (lane !== undefined && lane.inflight === envelope.messageId) this.next(lane);
  };

  /** Takes the lane away. `why`: what is logged where messages still wait in it. */
  private close(lane: OrderedLane, why: string): void {
    const { connection, ended, waiting } = lane;
    this.lanes.delete(connection.id);
    this.lifetime.forget(lane);
    if (waiting.length > 0) this.drop(lane, why);
    if (ended === undefined) return;
    this.ended--;
    this.announce(connection, ended.close);
  }

  private drop(lane: OrderedLane, why: string): void {
    const { connection, waiting } = lane;
    this.telemetry.log.warn(
      'edge.order_dropped',
      `${waiting.length} ordered messages that had not been accepted were dropped: ${why}`,
      {
        api: connection.stage.apiId,
        stage: connection.stage.stageName,
        connection_id: connection.id,
        count: waiting.length,
      },
    );
    const counts = this.counts(lane);
    counts.dropped.inc(waiting.length);
    counts.waiting.dec(waiting.length);
    this.resize(lane, -lane.waitingBytes);
    waiting.length = 0;
  }

  private resize(lane: OrderedLane, byteCount: number): void {
    lane.waitingBytes += byteCount;
    this.waitingBytes += byteCount;
  }

  private counts({ connection }: OrderedLane): OrderedCounts {
    const { apiId } = connection.stage;
    let counts = this.countsByApi.get(apiId);
    if (counts === undefined) {
      const { orderedMessagesTotal, orderedWaiting } = this.telemetry.metrics;
      const result = (name: string) => orderedMessagesTotal.labels(apiId, name);
      counts = {
        waiting: orderedWaiting.labels(apiId),
        sent: result('sent'),
        done: result('done'),
        refused: result('refused'),
        overdue: result('overdue'),
        dropped: result('dropped'),
      };
      this.countsByApi.set(apiId, counts);
    }
    return counts;
  }
}
