import {
  type ApiDefinition,
  defaultApiLimits,
  limits,
  type RouteDefinition,
  type StageDefinition,
} from '@sluice/contracts';
import { describe, expect, it } from 'vitest';
import { createMemoryDefinitionStore, routeSettingsOf, type StageSnapshot } from './index.js';

const backend = {
  integrationId: 'backend',
  integrationType: 'MOCK' as const,
  integrationUri: undefined,
  integrationMethod: 'POST',
  timeoutInMillis: 1_000,
  passthroughBehavior: 'WHEN_NO_MATCH' as const,
  requestTemplates: {},
  templateSelectionExpression: undefined,
  integrationResponses: [],
};

function snapshot(
  routes: Record<string, Partial<RouteDefinition>>,
  stage: Partial<StageDefinition> = {},
  accountLimitsConnects = false,
): StageSnapshot {
  const definition: ApiDefinition = {
    apiId: 'chat',
    name: 'chat',
    routeSelectionExpression: '$request.body.action',
    isDefault: false,
    disableExecuteApiEndpoint: false,
    limits: defaultApiLimits,
    routes: Object.fromEntries(
      Object.entries(routes).map(([routeKey, route]) => [
        routeKey,
        { routeKey, integrationId: undefined, hasRouteResponse: false, ...route },
      ]),
    ),
    integrations: { backend },
    stages: { dev: { stageName: 'dev', stageVariables: {}, ...stage } },
  };
  const found = createMemoryDefinitionStore([definition], undefined, { accountLimitsConnects }).stage('chat/dev');
  if (found === undefined) throw new Error('no snapshot');
  return found;
}

const accessLogSettings = { format: '$context.requestId', destinationArn: 'stdout' };

describe('whether a handshake asks a router', () => {
  it.each<[string, Partial<RouteDefinition>]>([
    ['a target', { integrationId: 'backend' }],
    ['AWS_IAM', { authorizationType: 'AWS_IAM' }],
    ['an authorizer', { authorizationType: 'CUSTOM', authorizerId: 'a' }],
    ['a token', { authorizationType: 'JWT', authorizerId: 'a' }],
    ['an API key', { apiKeyRequired: true }],
    ['a required parameter', { requestParameters: { 'route.request.querystring.t': { required: true } } }],
    ['a model', { modelSelectionExpression: '$request.body.x', requestModels: { $default: 'm' } }],
  ])('yes: $connect has %s', (_what, connect) => {
    expect(snapshot({ $connect: connect }).connectNeedsVerdict).toBe(true);
    expect(snapshot({ other: connect }).connectNeedsVerdict).toBe(false);
  });

  it.each<[string, Partial<StageDefinition>]>([
    ['a rate by default', { defaultRouteSettings: { throttlingRateLimit: 0 } }],
    ['a burst for $connect', { routeSettings: { $connect: { throttlingBurstLimit: 1 } } }],
    ['an access log', { accessLogSettings }],
    ['an execution log', { defaultRouteSettings: { loggingLevel: 'ERROR' } }],
  ])('yes: the stage has %s, even without $connect', (_what, stage) => {
    expect(snapshot({}, stage).connectNeedsVerdict).toBe(true);
  });

  it('yes: the account counts connects', () => {
    expect(snapshot({}, {}, true).connectNeedsVerdict).toBe(true);
  });

  it('no: nothing of it concerns $connect', () => {
    const routes = {
      $connect: {
        authorizationType: 'NONE' as const,
        apiKeyRequired: false,
        requestParameters: { 'route.request.header.x': { required: false } },
        requestModels: { $default: 'm' },
      },
    };
    const stage: Partial<StageDefinition> = {
      defaultRouteSettings: { loggingLevel: 'INFO', detailedMetricsEnabled: true },
      routeSettings: {
        $connect: { loggingLevel: 'OFF' },
        other: { throttlingRateLimit: 1 },
        hasOwnProperty: { throttlingRateLimit: 1 },
      },
      allowedOrigins: ['https://a.example'],
    };
    expect(snapshot(routes, stage).connectNeedsVerdict).toBe(false);
  });

  it('waits for authorizer and integration together', () => {
    const waits = (connect: Partial<RouteDefinition>) => snapshot({ $connect: connect }).connectTimeoutMs;
    const full = limits.integrationTimeoutMs;
    expect(waits({ integrationId: 'backend' })).toBe(1_000);
    expect(waits({ integrationId: 'backend', authorizationType: 'CUSTOM' })).toBe(1_000 + full);
    expect(waits({ integrationId: 'backend', authorizationType: 'JWT' })).toBe(1_000 + full);
    expect(waits({ integrationId: 'backend', authorizationType: 'AWS_IAM' })).toBe(1_000);
    expect(waits({ apiKeyRequired: true })).toBe(full);
  });
});

describe('whether a router hears of closed connections', () => {
  it('yes with a target, an access log or an execution log of $disconnect', () => {
    expect(snapshot({ $disconnect: { integrationId: 'backend' } }).disconnectNeedsRouter).toBe(true);
    expect(snapshot({}, { accessLogSettings }).disconnectNeedsRouter).toBe(true);
    const logged: Partial<StageDefinition> = { routeSettings: { $disconnect: { loggingLevel: 'INFO' } } };
    expect(snapshot({}, logged).disconnectNeedsRouter).toBe(true);
  });

  it('no without', () => {
    expect(snapshot({ $disconnect: {}, $connect: { integrationId: 'backend' } }).disconnectNeedsRouter).toBe(false);
    const logged: Partial<StageDefinition> = { routeSettings: { $connect: { loggingLevel: 'INFO' } } };
    expect(snapshot({}, logged).disconnectNeedsRouter).toBe(false);
  });
});

it('says whether the edge has to keep messages in order', () => {
  expect(snapshot({ a: {}, b: { order: 'connection' } }).ordersMessages).toBe(true);
  expect(snapshot({ a: {} }).ordersMessages).toBe(false);
});

describe('settings of a route', () => {
  const stage: StageDefinition = {
    stageName: 'dev',
    stageVariables: {},
    defaultRouteSettings: { throttlingRateLimit: 5, throttlingBurstLimit: 9, detailedMetricsEnabled: true },
    routeSettings: { a: { throttlingRateLimit: 1, detailedMetricsEnabled: false, loggingLevel: 'INFO' } },
  };

  it('are its own, member by member, else the default of the stage', () => {
    expect(routeSettingsOf(stage, 'a')).toEqual({
      throttlingRateLimit: 1,
      throttlingBurstLimit: 9,
      detailedMetricsEnabled: true,
      loggingLevel: 'INFO',
      dataTraceEnabled: undefined,
    });
    expect(routeSettingsOf(stage, 'constructor')).toMatchObject({ throttlingRateLimit: 5, loggingLevel: undefined });
    expect(routeSettingsOf({ stageName: 'x', stageVariables: {} }, 'a')).toEqual({});
  });
});
