import type { ConnectionId } from '@sluice/contracts';
import type { Exchange } from './exchange.js';
import { deleted, described, gone, internalError, limitExceeded, posted } from './management-answers.js';
import type { Outcome, OutcomeTable } from './outcome-table.js';

/** A connection that a caller may operate on; whether it exists, its edge knows. */
export interface ConnectionTarget {
  connectionId: ConnectionId;
  nodeSlot: number;
  apiId: string;
}

export type Operate = (outcomes: OutcomeTable, exchange: Exchange, target: ConnectionTarget) => void;

/** One message with exactly the posted bytes; the edge makes it text (spec 09 §9.5). */
const postToConnection: Operate = (outcomes, exchange, { connectionId, nodeSlot, apiId }) => {
  const { traceparent, request } = exchange;
  const command = { kind: 'POST' as const, connectionId, apiId, traceparent, body: request.body };
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
  const command = { kind: 'GET' as const, connectionId, apiId, traceparent: exchange.traceparent };
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
  const command = { kind: 'DELETE' as const, connectionId, apiId, traceparent: exchange.traceparent };
  exchange.pending = outcomes.ask(
    nodeSlot,
    command,
    exchange.guarded((outcome: Outcome) => {
      if (outcome.result !== 'ok') return answerFailure(exchange, outcome);
      exchange.answer(deleted());
    }),
  );
};

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
