import {
  type ApiDefinition,
  type AuthorizerDefinition,
  type ConnectEnvelope,
  type ConnectionContext,
  contextVariables,
  defaultApiLimits,
  encodeConnectionContext,
  type FunctionCaller,
  type FunctionResult,
  type MessageEnvelope,
  newConnectionId,
  newRequestId,
  type RouteDefinition,
  type StageDefinition,
} from '@sluice/contracts';
import type {
  AuthorizationOutcome,
  AuthorizationRequest,
  AuthorizedRoute,
  PreparedAuthorization,
} from './authorization.js';

export const region = 'us-east-1';
export const accountId = '123456789012';
export const arnPrefix = `arn:aws:execute-api:${region}:${accountId}:chat/dev`;
export const nowMs = Date.UTC(2026, 8, 25, 0, 22, 29);
export const traceId = 'Root=1-650ed1e5-0123456789abcdef01234567';

export const connection: ConnectionContext = {
  connectedAtMs: nowMs - 5,
  sourceIp: '192.0.2.7',
  userAgent: 'tests/1',
  domainName: 'chat.example.com',
  forwardedPort: 443,
  forwardedProto: 'https',
};

const stage: StageDefinition = { stageName: 'dev', stageVariables: { table: 'messages', empty: '' } };

export function authorizerDefinition(changes: Partial<AuthorizerDefinition> = {}): AuthorizerDefinition {
  return {
    authorizerId: 'guard',
    name: 'guard',
    authorizerType: 'REQUEST',
    authorizerUri: 'arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/f/invocations',
    identitySource: [],
    resultTtlSeconds: 0,
    ...changes,
  };
}

/** A route of an API that has one authorizer, `guard`. */
export function authorizedRoute(
  route: Partial<RouteDefinition>,
  authorizer: Partial<AuthorizerDefinition> = {},
): AuthorizedRoute {
  const api: ApiDefinition = {
    apiId: 'chat',
    name: 'chat',
    routeSelectionExpression: '$request.body.action',
    isDefault: true,
    disableExecuteApiEndpoint: false,
    limits: defaultApiLimits,
    routes: {},
    integrations: {},
    stages: { dev: stage },
    authorizers: { guard: authorizerDefinition(authorizer) },
  };
  return {
    api,
    stage,
    route: {
      routeKey: '$connect',
      integrationId: undefined,
      hasRouteResponse: false,
      authorizerId: 'guard',
      ...route,
    },
  };
}

interface HandshakePlan {
  headers?: [name: string, value: string][];
  queryString?: string;
  rawPath?: string;
}

export function connectRequest(plan: HandshakePlan = {}, context = connection): AuthorizationRequest {
  const { headers = [['host', 'chat.example.com']], queryString = '', rawPath } = plan;
  const envelope: ConnectEnvelope = {
    kind: 'CONNECT',
    handshake: { headers, queryString, rawPath },
    ...common(context),
  };
  return requestOf(envelope, context, '$connect');
}

export function messageRequest(body: string, context = connection, routeKey = 'send'): AuthorizationRequest {
  const message = { kind: 'MESSAGE' as const, messageId: newRequestId(), body: Buffer.from(body) };
  return requestOf({ ...message, ...common(context) }, context, routeKey);
}

function common(context: ConnectionContext) {
  return {
    scope: 'chat/dev',
    connectionId: newConnectionId(1),
    requestId: newRequestId(),
    timeMs: nowMs,
    connectionContext: encodeConnectionContext(context),
    traceparent: undefined,
  };
}

function requestOf(
  envelope: ConnectEnvelope | MessageEnvelope,
  context: ConnectionContext,
  routeKey: string,
): AuthorizationRequest {
  const place = { apiId: 'chat', stage: 'dev', routeKey, accountId };
  return { envelope, connection: context, context: () => contextVariables(place, envelope), traceId };
}

export function ask(
  prepared: PreparedAuthorization | undefined,
  request: AuthorizationRequest,
): Promise<AuthorizationOutcome> {
  if (prepared === undefined) throw new Error('the route asks for no authorization');
  return new Promise((resolve) => prepared.authorize(request, resolve));
}

/** A function that answers what it is told to, as the invoker would report it, and remembers what it was called with. */
export class ToldFunction implements FunctionCaller {
  readonly events: Record<string, unknown>[] = [];
  answer: FunctionResult = { kind: 'failed', code: 'internal', detail: 'nothing was told' };
  /** Answers that are held back until `release`. */
  private held: (() => void)[] | undefined;

  returns(result: unknown): this {
    this.answer = { kind: 'ok', payload: Buffer.from(typeof result === 'string' ? result : JSON.stringify(result)) };
    return this;
  }

  throws(errorMessage: string): this {
    this.answer = { kind: 'function-error', errorMessage, payload: Buffer.from(JSON.stringify({ errorMessage })) };
    return this;
  }

  hold(): void {
    this.held = [];
  }

  release(): void {
    const held = this.held ?? [];
    this.held = undefined;
    for (const answer of held) answer();
  }

  call(payload: Uint8Array, _: unknown, done: (result: FunctionResult) => void): void {
    this.events.push(JSON.parse(Buffer.from(payload).toString()) as Record<string, unknown>);
    const { answer } = this;
    if (this.held === undefined) done(answer);
    else this.held.push(() => done(answer));
  }
}

export function policyOf(effect: 'Allow' | 'Deny', resource: string | string[] = `${arnPrefix}/*`) {
  return { Version: '2012-10-17', Statement: [{ Action: 'execute-api:Invoke', Effect: effect, Resource: resource }] };
}
