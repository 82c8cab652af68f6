import type { Close, MessageEnvelope, RequestId } from '@sluice/contracts';
import type { Connection } from './connection.js';
import type { Timed } from './timing-wheel.js';

/** The ordered messages of one connection: the one that is on its way, and those behind it. There is none without one on its way. */
export interface OrderedLane extends Timed {
  readonly kind: 'ordered-lane';
  readonly connection: Connection;
  /** Its DONE, or its refusal, lets the next one go. */
  inflight: RequestId;
  readonly waiting: MessageEnvelope[];
  waitingBytes: number;
  /** How the connection ended, and until when what waits is still sent (`monotonicMs`); unset while it is open. */
  ended: { close: Close; untilMs: number } | undefined;
}

export function newLane(connection: Connection, inflight: RequestId): OrderedLane {
  return {
    kind: 'ordered-lane',
    connection,
    inflight,
    waiting: [],
    waitingBytes: 0,
    ended: undefined,
    dueTick: -1,
    wheelIndex: -1,
  };
}
