import type { FunctionResult, IntegrationDefinition } from '@sluice/contracts';
import type { IntegrationOutcome, IntegrationRequest, IntegrationRoute, PreparedIntegration } from '../integration.js';
import { compileResponses } from '../integration-response.js';
import { checkTimeout } from '../integration-target.js';
import { mappingSources, unusedSources } from '../mapping-sources.js';
import { compileRequestComposition, type RequestParts } from '../request-composition.js';
import type { Selectors } from '../selectors.js';
import { traceparentFor } from '../trace-context.js';
import { compileErrorPatterns } from './error-patterns.js';
import type { ObservableFunctionCaller } from './function-caller.js';
import { failedCall, saidBy } from './lambda-proxy.js';

type InvocationType = 'RequestResponse' | 'Event';

/** What the service gives a function that is invoked with nothing; emulators hand over the nothing. */
const emptyPayload = Buffer.from('{}');

/** What stands for the status of a function that failed: its error object may be answered, but it lets nobody connect. */
const functionErrorStatus = 502;

/**
 * AWS with a Lambda URI: the payload is made by the request template, the result is answered through the integration responses,
 * chosen by the `errorMessage` of a function that failed and `$default` otherwise (spec 04 §4.5, 07 §7.3). Throws where it is
 * misconfigured.
 */
export function prepareLambdaCustom(
  definition: IntegrationDefinition,
  route: IntegrationRoute,
  caller: ObservableFunctionCaller,
  selectors: Selectors,
): PreparedIntegration {
  const timeoutMs = checkTimeout(definition.timeoutInMillis);
  const request = compileRequestComposition(definition, selectors, { templates: true, bodyOnDisconnect: true });
  // A message of a function's error is nobody's to trust, and the patterns are the user's: not for a backtracking matcher.
  const selectIntegrationResponse = compileErrorPatterns(definition.integrationResponses);
  const responses = compileResponses(definition, route, { ...selectors, selectIntegrationResponse });
  const usesSources = request.usesSources || responses.usesSources;

  return {
    ...(caller.fault === undefined ? {} : { fault: caller.fault }),
    invoke(each, done) {
      const sources = usesSources ? mappingSources(each, route) : unusedSources;
      const parts = request.compose(each, sources);
      if (!parts.ok) return done(parts);
      const invocationType = invocationTypeOf(parts);
      const traceparent = traceparentFor(each.traceparent);
      const options = { timeoutMs, traceparent, invocationType, observer: each.observer };
      const payload = parts.body.length === 0 ? emptyPayload : parts.body;
      caller.call(payload, options, (result) => done(answer(result, each)));

      function answer(result: FunctionResult, to: IntegrationRequest): IntegrationOutcome {
        if (result.kind === 'failed') return failedCall(result);
        const isError = result.kind === 'function-error';
        const status = isError ? functionErrorStatus : 200;
        const value = isError ? result.errorMessage : undefined;
        const outcome = responses.byValue(value, { status, headers: [], body: result.payload }, to, sources);
        return isError ? { ...outcome, functionError: saidBy(result) } : outcome;
      }
    },
  };
}

/** `X-Amz-Invocation-Type` as it is mapped (spec 05 §5.5). */
function invocationTypeOf({ headers }: RequestParts): InvocationType {
  const mapped = headers.find(([name]) => name.toLowerCase() === 'x-amz-invocation-type')?.[1];
  return mapped === 'Event' ? 'Event' : 'RequestResponse';
}
