import type { ConnectionId } from '@sluice/contracts';
import type { Exchange } from './exchange.js';
import {
  deleted,
  described,
  gone,
  internalError,
  invalidFrameKind,
  limitExceeded,
  posted,
} from './management-answers.js';
import type { Outcome, OutcomeTable } from './outcome-table.js';

/** A connection that a caller may operate on; whether it exists, its edge knows. */
export interface ConnectionTarget {
  connectionId: ConnectionId;
  nodeSlot: number;
  apiId: string;
  /** The API takes binary frames: a POST may say which frame it is to be. */
  takesBinary: boolean;
}

export type Operate = (outcomes: OutcomeTable, exchange: Exchange, target: ConnectionTarget) => void;

/** One message with exactly the posted bytes; the edge makes it text (spec 09 §9.5). */
const postToConnection: Operate = (outcomes, exchange, { connectionId, nodeSlot, apiId, takesBinary }) => {
  const { request } = exchange;
  const frame = takesBinary ? frameHeader(request.headers) : undefined;
  if (frame !== undefined && !frameKinds.has(frame)) return exchange.answer(invalidFrameKind());
  const binary = frame === undefined ? undefined : frame === 'binary';
  const traceparent = exchange.traceCommand(nodeSlot);
  const command = { kind: 'POST' as const, connectionId, apiId, traceparent, body: request.body, binary };
  exchange.pending = outcomes.ask(
    nodeSlot,
    command,
    exchange.guarded((outcome: Outcome) => {
      if (outcome.result !== 'ok') return answerFailure(exchange, outcome);
      exchange.delivered();
      exchange.answer(posted());
    }),
  );
};

const getConnection: Operate = (outcomes, exchange, { connectionId, nodeSlot, apiId }) => {
  const command = { kind: 'GET' as const, connectionId, apiId, traceparent: exchange.traceCommand(nodeSlot) };
  exchange.pending = outcomes.ask(
    nodeSlot,
    command,
    exchange.guarded((outcome: Outcome) => {
      if (outcome.result !== 'ok' || outcome.connection === undefined) return answerFailure(exchange, outcome);
      exchange.answer(described(outcome.connection));
    }),
  );
};

const deleteConnection: Operate = (outcomes, exchange, { connectionId, nodeSlot, apiId }) => {
  const command = { kind: 'DELETE' as const, connectionId, apiId, traceparent: exchange.traceCommand(nodeSlot) };
  exchange.pending = outcomes.ask(
    nodeSlot,
    command,
    exchange.guarded((outcome: Outcome) => {
      if (outcome.result !== 'ok') return answerFailure(exchange, outcome);
      exchange.answer(deleted());
    }),
  );
};

const frameKinds = new Set(['binary', 'text']);

/** Ours: the frame that a caller asks for. Elsewhere than on an API that takes binary frames it means nothing. */
function frameHeader(headers: Exchange['request']['headers']): string | undefined {
  return headers.find(([name]) => name === 'x-sluice-frame')?.[1].toLowerCase();
}

/** By HTTP method; any other is a wrong address. */
export const operations: ReadonlyMap<string, Operate> = new Map([
  ['POST', postToConnection],
  ['GET', getConnection],
  ['DELETE', deleteConnection],
]);

/** 410 only where the connection is certainly gone; an unknown fate is 500, which back ends try again. */
export function answerFailure(exchange: Exchange, outcome: Outcome): void {
  if (outcome.result === 'gone') return exchange.answer(gone());
  if (outcome.result === 'slow') return exchange.answer(limitExceeded());
  exchange.answer(internalError());
}
