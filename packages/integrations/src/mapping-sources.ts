import { type ContextVariables, contextVariables, type MappingSources } from '@sluice/contracts';
import { toBase64 } from './content-handling.js';
import { type IntegrationRequest, type IntegrationRoute, noBody } from './integration.js';

/**
 * What the templates and mappings of one request look at. `$context` is made on first use and then shared by all of them.
 * A binary message is base64 text here, as a Lambda event has it: templates make text.
 */
export function mappingSources(request: IntegrationRequest, route: IntegrationRoute): MappingSources {
  let known: ContextVariables | undefined;
  const body = messageText(request);
  return {
    body,
    requestBody: body,
    handshake: request.kind === 'CONNECT' ? request.handshake : undefined,
    headerSpellings: route.headerSpellings,
    stageVariables: route.stageVariables,
    context: () => {
      known ??= contextVariables(route, request);
      return known;
    },
  };
}

/** For requests of which nobody asks anything: none is made for them. */
export const unusedSources: MappingSources = {
  body: noBody,
  requestBody: noBody,
  handshake: undefined,
  stageVariables: {},
  context: () => ({}),
};

/** The message as it came; empty for `$connect` and `$disconnect`. */
export function messageBody(request: IntegrationRequest): Uint8Array {
  return request.kind === 'MESSAGE' ? request.body : noBody;
}

function messageText(request: IntegrationRequest): Uint8Array {
  if (request.kind !== 'MESSAGE') return noBody;
  return request.binary === true ? toBase64(request.body) : request.body;
}
