import type { IntegrationDefinition } from '@sluice/contracts';
import { type BackEnd, backEnd, definition, invoker, route } from '../back-end.fixture.js';
import type { IntegrationRoute, InvokerOptions, PreparedIntegration, Selectors } from '../index.js';

export interface InvokeAnswer {
  status?: number;
  headers?: Record<string, string>;
  /** As text, or as what is written as JSON. */
  payload?: unknown;
}

/** A server that speaks the Invoke API: the function answers every call the same. */
export async function invokeApi(answer: InvokeAnswer | (() => InvokeAnswer) = {}, tls = false): Promise<BackEnd> {
  return await backEnd({
    tls,
    respond: (_request, response) => {
      const {
        status = 200,
        headers = {},
        payload = { statusCode: 200 },
      } = typeof answer === 'function' ? answer() : answer;
      response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
      response.end(typeof payload === 'string' ? payload : JSON.stringify(payload));
    },
  });
}

export function originOf({ uri }: BackEnd): string {
  return new URL(uri).origin;
}

/** `name`, or `name:alias`, as an integration names it. */
export function functionUri(name: string, region = 'us-east-1'): string {
  return `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/arn:aws:lambda:${region}:123456789012:function:${name}/invocations`;
}

/** A prepared AWS_PROXY (or other) integration of an invoker of its own. */
export function lambda(
  options: Partial<InvokerOptions>,
  changes: Partial<IntegrationDefinition> = {},
  routeChanges: Partial<IntegrationRoute> = {},
  selectors: Selectors = {},
): PreparedIntegration {
  const base = { integrationType: 'AWS_PROXY' as const, integrationUri: functionUri('chat') };
  return invoker(options).prepare(definition({ ...base, ...changes }), { ...route, ...routeChanges }, selectors);
}
