import type { IntegrationDefinition } from '@sluice/contracts';
import { type ActiveSpan, attributeNames, isSampled, type Tracing } from '@sluice/telemetry';
import type { IntegrationOutcome, IntegrationRoute, PreparedIntegration } from './integration.js';
import { fillStageVariables } from './stage-variables.js';

/**
 * Puts the CLIENT span of the call around an integration, for requests of a recorded trace; the call carries the span on, so
 * that the spans of its back end, and what that sends back by `@connections`, join the trace. A MOCK calls nobody.
 */
export function traceIntegration(
  inner: PreparedIntegration,
  tracing: Tracing | undefined,
  definition: IntegrationDefinition,
  route: IntegrationRoute,
): PreparedIntegration {
  if (tracing?.enabled !== true || definition.integrationType === 'MOCK') return inner;
  const [name, attributes] = describeCall(definition, route);
  return {
    ...(inner.fault === undefined ? {} : { fault: inner.fault }),
    invoke(request, done) {
      const { traceparent } = request;
      if (!isSampled(traceparent)) return inner.invoke(request, done);
      const span = tracing.startSpan(name, { kind: 'client', parent: traceparent, attributes });
      inner.invoke({ ...request, traceparent: span.traceparent }, (outcome) => {
        endSpan(span, outcome);
        done(outcome);
      });
    },
  };
}

function endSpan(span: ActiveSpan, outcome: IntegrationOutcome): void {
  if (!outcome.ok) {
    span.setAttribute(attributeNames.errorType, outcome.code);
    return span.end(outcome.code);
  }
  const status = outcome.integrationStatus ?? outcome.status;
  span.setAttribute(attributeNames.responseStatus, status);
  // The conventions for clients: from 400 up a call has failed, whoever is to blame.
  if (status >= 400) span.setAttribute(attributeNames.errorType, `${status}`);
  span.end(status >= 400 ? `status ${status}` : undefined);
}

/** Name and attributes that all calls of one route share: what its definition says, stage variables filled in. */
function describeCall(
  definition: IntegrationDefinition,
  route: IntegrationRoute,
): [name: string, attributes: Record<string, string | number>] {
  const { integrationType, integrationUri = '' } = definition;
  const uri = fillStageVariables(integrationUri, route.stageVariables);
  const lambda = /:path\/+2015-03-31\/functions\/([^/]+)\/invocations$/.exec(uri)?.[1];
  // Functions and services of AWS are called by POST, whatever the definition says.
  const method = integrationType.startsWith('HTTP') ? (definition.integrationMethod ?? 'POST') : 'POST';
  const attributes = {
    [attributeNames.requestMethod]: method,
    [attributeNames.integrationType]: integrationType,
    [attributeNames.api]: route.apiId,
    [attributeNames.stage]: route.stage,
    [attributeNames.route]: route.routeKey,
    ...(lambda === undefined ? placeOf(uri) : { [attributeNames.invokedFunction]: lambda }),
  };
  return [method, attributes];
}

function placeOf(uri: string): Record<string, string | number> {
  if (!URL.canParse(uri)) return {};
  const url = new URL(uri);
  if (!/^https?:$/.test(url.protocol)) return {};
  return {
    // Neither the query, which may hold keys, nor credentials; the path as it is defined, with the names of its parameters.
    [attributeNames.urlFull]: `${url.protocol}//${url.host}${decodeBraces(url.pathname)}`,
    [attributeNames.serverAddress]: url.hostname,
    [attributeNames.serverPort]: Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
  };
}

function decodeBraces(path: string): string {
  return path.replace(/%7B/g, '{').replace(/%7D/g, '}');
}
