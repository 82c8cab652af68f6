import type { IntegrationDefinition } from '@sluice/contracts';
import { readHead } from '../head-lines.js';
import {
  failure,
  type IntegrationDone,
  type IntegrationOutcome,
  type IntegrationRequest,
  type IntegrationRoute,
  MisconfiguredIntegrationError,
  type PreparedIntegration,
} from '../integration.js';
import { compileResponses } from '../integration-response.js';
import { checkCallSettings, type IntegrationTarget } from '../integration-target.js';
import { mappingSources, unusedSources } from '../mapping-sources.js';
import { compileRequestComposition, type RequestParts } from '../request-composition.js';
import type { Selectors } from '../selectors.js';
import { fillStageVariables } from '../stage-variables.js';
import type { Transport } from '../transport.js';
import type { AwsSettings } from './aws-settings.js';
import { maskedHeaders } from './masked-headers.js';
import { RequestSigner } from './request-signer.js';
import { signingNameOf } from './service-protocols.js';
import { placeOf, ServiceRequest } from './service-request.js';
import { readServiceUri } from './service-uri.js';

/**
 * AWS with the URI of a service other than Lambda: a signed request made by mappings and template, answered through the
 * integration responses by its status (spec 04 §4.5). Throws where it is misconfigured.
 */
export function prepareAwsService(
  definition: IntegrationDefinition,
  route: IntegrationRoute,
  open: (target: IntegrationTarget) => Transport,
  selectors: Selectors,
  aws: AwsSettings,
): PreparedIntegration {
  const uri = readServiceUri(fillStageVariables(definition.integrationUri ?? '', route.stageVariables));
  const settings = checkCallSettings(definition);
  const { method, timeoutMs } = settings;
  const { credentials } = aws;
  if (credentials === undefined) {
    throw new MisconfiguredIntegrationError(
      `requests to ${uri.service} have to be signed: set aws.credentials (an emulator takes any)`,
    );
  }
  const place = placeOf(uri, aws);
  const signer = new RequestSigner(credentials, signingNameOf(uri.service), uri.region);
  const requests = new ServiceRequest(uri, place, method, route.apiId, signer);
  const transport = open({ ...requests.origin, ...settings, path: '/' });
  const composition = compileRequestComposition(definition, selectors, { templates: true, bodyOnDisconnect: true });
  const responses = compileResponses(definition, route, selectors);
  const usesSources = composition.usesSources || responses.usesSources;

  function send(request: IntegrationRequest, parts: RequestParts, head: string, done: IntegrationDone): void {
    const { observer } = request;
    const keepsAll = request.kind === 'CONNECT' || observer !== undefined;
    const expectation = {
      headOnly: method === 'HEAD',
      keepHeaders: keepsAll || responses.keepsHeaders,
      keepBody: keepsAll || route.hasRouteResponse,
    };
    if (observer !== undefined) {
      const { path, headers } = readHead(head);
      observer.sent(`${place.url.protocol}//${place.authority}${path}`, maskedHeaders(headers), parts.body);
    }
    transport.send({ head, body: parts.body, timeoutMs, expectation }, (outcome) => {
      if (outcome.ok) observer?.received(outcome.status, outcome.headers, outcome.body);
      done(outcome);
    });
  }

  return {
    invoke(request, done) {
      const sources = usesSources ? mappingSources(request, route) : unusedSources;
      const parts = composition.compose(request, sources);
      if (!parts.ok) return done(parts);
      const answered = (outcome: IntegrationOutcome) =>
        done(outcome.ok ? responses.byStatus(outcome, request, sources) : outcome);
      requests.render(parts, request.traceparent).then(
        (head) => send(request, parts, head, answered),
        (error: unknown) => done(failure('integration_misconfigured', reasonOf(error))),
      );
    },
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
