import {
  type ApiDefinition,
  type ConnectEnvelope,
  type ConnectionContext,
  defaultApiLimits,
  encodeConnectionContext,
  newConnectionId,
  newRequestId,
  type StageDefinition,
} from '@sluice/contracts';

export const connection: ConnectionContext = {
  connectedAtMs: 1_790_000_000_000,
  sourceIp: '192.0.2.7',
  userAgent: 'fuzz',
  domainName: 'chat.example.com',
};

export const stage: StageDefinition = { stageName: 'dev', stageVariables: {} };

export const api: ApiDefinition = {
  apiId: 'chat',
  name: 'chat',
  routeSelectionExpression: '$request.body.action',
  isDefault: true,
  disableExecuteApiEndpoint: false,
  limits: defaultApiLimits,
  routes: {},
  integrations: {},
  stages: { dev: stage },
};

export function connectEnvelope(): ConnectEnvelope {
  return { kind: 'CONNECT', handshake: { headers: [['host', 'chat.example.com']], queryString: '' }, ...common() };
}

export function common() {
  return {
    scope: 'chat/dev',
    connectionId: newConnectionId(1),
    requestId: newRequestId(),
    timeMs: 1_790_000_000_000,
    connectionContext: encodeConnectionContext(connection),
    traceparent: undefined,
  };
}
