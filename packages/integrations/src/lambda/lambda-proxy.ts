import type { FunctionResult, IntegrationDefinition } from '@sluice/contracts';
import {
  type FunctionError,
  failure,
  type IntegrationOutcome,
  type IntegrationRequest,
  type IntegrationRoute,
  type PreparedIntegration,
} from '../integration.js';
import { checkTimeout } from '../integration-target.js';
import { traceparentFor } from '../trace-context.js';
import type { ConnectionTextCache } from './event-context.js';
import type { ObservableFunctionCaller } from './function-caller.js';
import { shown } from './invoke-answer.js';
import { ProxyEvents } from './proxy-event.js';
import { readProxyResult } from './proxy-result.js';

/**
 * AWS_PROXY: the whole request as an event, the function's result as the answer (spec 05). One-way routes wait for the result too.
 * Throws where it is misconfigured.
 */
export function prepareLambdaProxy(
  definition: IntegrationDefinition,
  route: IntegrationRoute,
  caller: ObservableFunctionCaller,
  connections: ConnectionTextCache,
): PreparedIntegration {
  const timeoutMs = checkTimeout(definition.timeoutInMillis);
  const events = new ProxyEvents(route, connections);
  return {
    ...(caller.fault === undefined ? {} : { fault: caller.fault }),
    invoke(request, done) {
      const traceparent = traceparentFor(request.traceparent);
      const { observer } = request;
      caller.call(events.render(request, traceparent), { timeoutMs, traceparent, observer }, (result) =>
        done(outcomeOf(result, request, route)),
      );
    },
  };
}

function outcomeOf(result: FunctionResult, request: IntegrationRequest, route: IntegrationRoute): IntegrationOutcome {
  switch (result.kind) {
    case 'ok':
      return readProxyResult(result.payload, request, route);
    case 'function-error':
      return functionError(result);
    case 'failed':
      return failedCall(result);
  }
}

function functionError(result: FunctionErrorResult): IntegrationOutcome {
  const said = saidBy(result);
  return { ...failure('function_error', `the function failed: ${said.errorMessage}`), functionError: said };
}

type FunctionErrorResult = FunctionResult & { kind: 'function-error' };

export function saidBy({ errorMessage, requestId }: FunctionErrorResult): FunctionError {
  return {
    errorMessage: errorMessage === '' ? 'no errorMessage' : shown(errorMessage),
    requestId: requestId === undefined ? undefined : shown(requestId),
  };
}

export function failedCall({ code, detail, status }: FunctionResult & { kind: 'failed' }): IntegrationOutcome {
  return status === undefined ? failure(code, detail) : { ...failure(code, detail), integrationStatus: status };
}
