import { type ApiDefinition, type ConnectionId, scopeOf, splitScope } from '@sluice/contracts';
import type { DefinitionStore } from '@sluice/definitions';
import { answerFailure } from './connection-operations.js';
import type { Exchange } from './exchange.js';
import { forbidden, gone, limitExceeded } from './management-answers.js';
import type { Outcome, OutcomeTable } from './outcome-table.js';

/**
 * Where the address names no API it is the connection's own: its edge is asked, and access is decided by the answer
 * (DESIGN.md, "Outside face"). Answers itself where there is no such connection, or its API has no such stage or address.
 */
export function findApi(
  parts: { outcomes: OutcomeTable; definitions: DefinitionStore },
  exchange: Exchange,
  asked: { connectionId: ConnectionId; nodeSlot: number | undefined; stage: string; customDomain: boolean },
  found: (apiId: string) => void,
): void {
  const { connectionId, nodeSlot, stage, customDomain } = asked;
  if (nodeSlot === undefined) return exchange.answer(gone());
  if (parts.outcomes.full) return exchange.answer(limitExceeded());
  const traceparent = exchange.traceCommand(nodeSlot);
  exchange.pending = parts.outcomes.ask(
    nodeSlot,
    { kind: 'GET', connectionId, apiId: undefined, traceparent },
    exchange.guarded((outcome: Outcome) => {
      if (outcome.result !== 'ok' || outcome.connection === undefined) return answerFailure(exchange, outcome);
      const { apiId } = splitScope(outcome.connection.scope);
      const snapshot = parts.definitions.stage(scopeOf(apiId, stage));
      if (snapshot === undefined || (isHidden(snapshot.api) && !customDomain)) return exchange.answer(forbidden());
      found(apiId);
    }),
  );
}

/** Not to be reached without its name, or at all, but through a custom domain. */
function isHidden({ disableExecuteApiEndpoint, namedOnly }: ApiDefinition): boolean {
  return disableExecuteApiEndpoint || namedOnly === true;
}
