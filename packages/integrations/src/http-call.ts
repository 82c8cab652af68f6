import { type IntegrationDefinition, limits } from '@sluice/contracts';
import type { AnswerExpectation } from './fast-lane/answer-reader.js';
import type { OutgoingRequest } from './fast-lane/exchange.js';
import { readHead } from './head-lines.js';
import {
  type ExchangeObserver,
  failure,
  type IntegrationDone,
  type IntegrationRequest,
  type IntegrationRoute,
  MisconfiguredIntegrationError,
  noBody,
  noHeaders,
} from './integration.js';
import type { IntegrationTarget } from './integration-target.js';
import { MappedHead } from './mapped-head.js';
import type { RequestParts } from './request-composition.js';
import { RequestHead } from './request-head.js';
import { type CompiledTarget, compileTarget } from './target-placeholders.js';
import type { Transport } from './transport.js';

/** Ways to back ends. */
export interface Transports {
  /** To a target that a deployment names: kept for as long as the process lives. */
  open(target: IntegrationTarget): Transport;
  /** To a host that a request has named: kept only while it is in use. Undefined where too many are. */
  openPassing(target: IntegrationTarget): Transport | undefined;
}

export interface HttpCallOptions {
  /** HTTP_PROXY: `$connect` carries the client's query string and headers. */
  proxied: boolean;
  /** `RequestComposition.pathNames`. */
  pathNames: ReadonlySet<string> | undefined;
  /** Whether somebody looks at the headers of an answer to a message. */
  keepsHeaders: boolean;
}

/** Requests of one HTTP integration on one route. Throws `MisconfiguredIntegrationError` when made of what cannot be called. */
export class HttpCall {
  private readonly target: CompiledTarget;
  private readonly transport: Transport | undefined;
  private readonly plainHead: RequestHead | undefined;
  private readonly mappedHead: MappedHead;
  private readonly forMessage: AnswerExpectation;
  private readonly forConnect: AnswerExpectation;

  constructor(
    definition: IntegrationDefinition,
    route: IntegrationRoute,
    private readonly transports: Transports,
    options: HttpCallOptions,
  ) {
    this.target = compileTarget(definition, route.stageVariables, options.pathNames);
    const { fixed, fill } = this.target;
    this.transport = fixed && transports.open(fixed);
    const dropped = options.proxied ? new Set(definition.handshakeHeadersDropped) : undefined;
    this.plainHead = fixed && fill === undefined ? new RequestHead(fixed, route, dropped) : undefined;
    this.mappedHead = new MappedHead(route, dropped);
    const headOnly = this.target.method === 'HEAD';
    this.forMessage = { headOnly, keepHeaders: options.keepsHeaders, keepBody: route.hasRouteResponse };
    this.forConnect = { headOnly, keepHeaders: true, keepBody: true };
  }

  /** Sends a body and nothing else that differs from request to request. The target must have no placeholders. */
  plain(request: IntegrationRequest, body: Uint8Array, done: IntegrationDone): void {
    const { transport, plainHead } = this;
    const { fixed } = this.target;
    if (fixed === undefined || transport === undefined || plainHead === undefined) {
      return done(failure('integration_misconfigured', 'nothing fills the placeholders in integrationUri'));
    }
    this.send(request, transport, fixed, plainHead.render(request, body.length), body, done);
  }

  /** Sends what was composed for this request. */
  composed(request: IntegrationRequest, parts: RequestParts, done: IntegrationDone): void {
    const isPlain = parts.headers.length === 0 && parts.querystring.length === 0 && !parts.binary;
    if (isPlain && this.plainHead !== undefined) return this.plain(request, parts.body, done);
    const target = this.targetFor(parts);
    if (typeof target === 'string') return done(failure('integration_misconfigured', target));
    const transport = this.transport ?? this.transports.openPassing(target);
    if (transport === undefined) {
      return done(failure('integration_overloaded', 'requests name more hosts than can be connected to at once'));
    }
    const head = this.mappedHead.render(request, target, parts);
    if (head.length > limits.integrationRequestHeadBytesMax) {
      const bytes = `${head.length} bytes, over ${limits.integrationRequestHeadBytesMax}`;
      return done(failure('integration_misconfigured', `the mapped request head has ${bytes}`));
    }
    this.send(request, transport, target, head, parts.body, done);
  }

  /** The reason as text where this request's values make none. */
  private targetFor(parts: RequestParts): IntegrationTarget | string {
    const { fixed, fill } = this.target;
    if (fill === undefined) return fixed ?? 'integrationUri names no host';
    try {
      return fill(parts.path);
    } catch (error) {
      if (error instanceof MisconfiguredIntegrationError) return error.message;
      throw error;
    }
  }

  private send(
    request: IntegrationRequest,
    transport: Transport,
    target: IntegrationTarget,
    head: string,
    body: Uint8Array,
    done: IntegrationDone,
  ): void {
    const expectation = request.kind === 'CONNECT' ? this.forConnect : this.forMessage;
    const outgoing = { head, body, timeoutMs: target.timeoutMs, expectation };
    if (request.observer === undefined) return transport.send(outgoing, done);
    sendObserved(outgoing, request.observer, transport, target, done);
  }
}

/** Shows the request as it is sent and the answer as it comes; what the answer has only for the observer's sake is left out again. */
function sendObserved(
  outgoing: OutgoingRequest,
  observer: ExchangeObserver,
  transport: Transport,
  target: IntegrationTarget,
  done: IntegrationDone,
): void {
  const { path, headers } = readHead(outgoing.head);
  observer.sent(`${target.scheme}://${target.authority}${path}`, headers, outgoing.body);
  const { keepHeaders, keepBody, headOnly } = outgoing.expectation;
  transport.send({ ...outgoing, expectation: { headOnly, keepHeaders: true, keepBody: true } }, (outcome) => {
    if (!outcome.ok) return done(outcome);
    observer.received(outcome.status, outcome.headers, outcome.body);
    done({
      ...outcome,
      headers: keepHeaders ? outcome.headers : noHeaders,
      body: keepBody ? outcome.body : noBody,
    });
  });
}
