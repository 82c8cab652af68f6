import type { IntegrationDefinition } from '@sluice/contracts';
import { isBinaryContent } from './content-handling.js';
import { HttpCall, type Transports } from './http-call.js';
import { type IntegrationDone, type IntegrationRoute, noHeaders, type PreparedIntegration } from './integration.js';
import { compileResponses } from './integration-response.js';
import { mappingSources, messageBody, unusedSources } from './mapping-sources.js';
import { compileRequestComposition } from './request-composition.js';
import type { Selectors } from './selectors.js';

/** HTTP_PROXY: the message as it is, the answer as it comes (spec 04 §4.5, 07 §7.2). Throws where it is misconfigured. */
export function prepareHttpProxy(
  definition: IntegrationDefinition,
  route: IntegrationRoute,
  transports: Transports,
  selectors: Selectors,
): PreparedIntegration {
  const composition = compileRequestComposition(definition, selectors, { templates: false, bodyOnDisconnect: false });
  const call = new HttpCall(definition, route, transports, {
    proxied: true,
    pathNames: composition.pathNames,
    keepsHeaders: route.binaryFrames && route.hasRouteResponse,
  });
  if (composition.isPlain && !route.binaryFrames) {
    return { invoke: (request, done) => call.plain(request, messageBody(request), done) };
  }
  return {
    invoke(request, done) {
      const answered = route.binaryFrames && request.kind === 'MESSAGE' ? markBinary(done) : done;
      if (composition.isPlain && !(request.kind === 'MESSAGE' && request.binary === true)) {
        return call.plain(request, messageBody(request), answered);
      }
      const sources = composition.usesSources ? mappingSources(request, route) : unusedSources;
      const parts = composition.compose(request, sources);
      if (parts.ok) call.composed(request, parts, answered);
      else done(parts);
    },
  };
}

function markBinary(done: IntegrationDone): IntegrationDone {
  return (outcome) => {
    if (!outcome.ok || !isBinaryContent(outcome.headers)) return done(outcome);
    done({ ...outcome, headers: noHeaders, binary: true });
  };
}

/** HTTP: body from a template, answer through the integration responses (spec 07 §7.3). Throws where it is misconfigured. */
export function prepareHttp(
  definition: IntegrationDefinition,
  route: IntegrationRoute,
  transports: Transports,
  selectors: Selectors,
): PreparedIntegration {
  const composition = compileRequestComposition(definition, selectors, { templates: true, bodyOnDisconnect: false });
  const responses = compileResponses(definition, route, selectors);
  const call = new HttpCall(definition, route, transports, {
    proxied: false,
    pathNames: composition.pathNames,
    keepsHeaders: responses.keepsHeaders,
  });
  const usesSources = composition.usesSources || responses.usesSources;
  return {
    invoke(request, done) {
      const sources = usesSources ? mappingSources(request, route) : unusedSources;
      const parts = composition.compose(request, sources);
      if (!parts.ok) return done(parts);
      call.composed(request, parts, (outcome) =>
        done(outcome.ok ? responses.byStatus(outcome, request, sources) : outcome),
      );
    },
  };
}
