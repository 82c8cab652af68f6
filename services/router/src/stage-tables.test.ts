import type { ApiDefinition, IntegrationDefinition } from '@sluice/contracts';
import { defaultApiLimits } from '@sluice/contracts';
import { createMemoryDefinitionStore } from '@sluice/definitions';
import { createInvoker, type IntegrationOutcome, type IntegrationRequest } from '@sluice/integrations';
import { AccessLogs, createLogSinks } from '@sluice/logs';
import { createMemoryRateKeeper } from '@sluice/rates';
import { createTelemetry } from '@sluice/telemetry';
import { afterEach, describe, expect, it } from 'vitest';
import { createStageTables, type StageTable } from './stage-tables.js';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const mock: IntegrationDefinition = {
  integrationId: 'good',
  integrationType: 'MOCK',
  integrationUri: undefined,
  integrationMethod: 'POST',
  timeoutInMillis: 1_000,
  passthroughBehavior: 'WHEN_NO_MATCH',
  requestTemplates: { $default: '{"statusCode":200}' },
  templateSelectionExpression: undefined,
  integrationResponses: [
    {
      integrationResponseKey: '$default',
      templateSelectionExpression: undefined,
      responseTemplates: { a: 'A', b: 'B' },
    },
  ],
};

function respondBy(templateSelectionExpression: string): IntegrationDefinition['integrationResponses'] {
  return mock.integrationResponses.map((each) => ({ ...each, templateSelectionExpression }));
}

/** Tables of an API whose route `bad` calls the integration given, and `good` one that works. */
function tablesWith(bad: Partial<IntegrationDefinition>) {
  let log = '';
  const telemetry = createTelemetry({
    role: 'router',
    logLevel: 'info',
    logDestination: {
      write(line: string) {
        log += line;
      },
    },
  });
  const invoker = createInvoker({ telemetry });
  const route = (routeKey: string) => [routeKey, { routeKey, integrationId: routeKey, hasRouteResponse: true }];
  const api: ApiDefinition = {
    apiId: 'chat',
    name: 'chat',
    routeSelectionExpression: '$request.body.action',
    isDefault: false,
    disableExecuteApiEndpoint: false,
    limits: defaultApiLimits,
    routes: Object.fromEntries(['good', 'bad'].map(route)),
    integrations: {
      good: { ...mock, integrationResponses: respondBy('$request.body.pick') },
      bad: { ...mock, integrationId: 'bad', ...bad },
    },
    stages: { dev: { stageName: 'dev', stageVariables: {} } },
  };
  const tables = createStageTables({
    definitions: createMemoryDefinitionStore([api]),
    invoker,
    telemetry,
    rates: createMemoryRateKeeper(),
    account: {},
    authorizers: { prepare: () => undefined, prepareKeys: () => () => undefined },
    accessLogs: new AccessLogs(createLogSinks(telemetry), telemetry.log),
    region: 'us-east-1',
    accountId: '000000000000',
  });
  closers.push(async () => {
    tables.close();
    await invoker.close();
    await telemetry.close();
  });
  return { tables, log: () => log.split('\n').filter((line) => line.includes('router.integration_misconfigured')) };
}

function send(table: StageTable | undefined, text: string): IntegrationOutcome | undefined {
  const body = Buffer.from(text);
  const request: IntegrationRequest = {
    kind: 'MESSAGE',
    connectionId: 'gbgHN0-zjQAYKEjhgA==',
    requestId: 'Qyi3UG41tjMFlUg=',
    messageId: 'Qyi3UG41tjMFlUk=',
    timeMs: 1_689_794_896_162,
    connectionContext: '{}',
    traceparent: undefined,
    body,
  };
  let outcome: IntegrationOutcome | undefined;
  table?.select(body)?.integration?.invoke(request, (each) => {
    outcome = each;
  });
  return outcome;
}

describe('stage tables', () => {
  it('[RS-9] the expression of an integration response chooses its template', () => {
    const { tables, log } = tablesWith({});
    for (const [pick, text] of [
      ['a', 'A'],
      ['b', 'B'],
    ]) {
      const outcome = send(tables.get('chat/dev'), `{"action":"good","pick":"${pick}"}`);
      expect(outcome?.ok === true && Buffer.from(outcome.body).toString()).toBe(text);
    }
    expect(log()).toEqual([]);
  });

  it.each([
    ['of the request template', { templateSelectionExpression: '$request.header.x' }, /request\.header/],
    ['of a response template', { integrationResponses: respondBy('$integration.nothing') }, /integration\.nothing/],
    [
      'of an integration response',
      {
        integrationResponses: [
          { integrationResponseKey: '/(/', templateSelectionExpression: undefined, responseTemplates: {} },
        ],
      },
      /no regular expression/,
    ],
  ] as [string, Partial<IntegrationDefinition>, RegExp][])(
    'a bad expression %s fails its own integration only, and is logged once',
    (_where, bad, reason) => {
      const { tables, log } = tablesWith(bad);
      for (let n = 0; n < 3; n++) {
        const outcome = send(tables.get('chat/dev'), '{"action":"bad"}');
        expect(outcome).toMatchObject({ ok: false, code: 'integration_misconfigured' });
        expect(outcome?.ok === false && outcome.detail).toMatch(reason);
        expect(send(tables.get('chat/dev'), '{"action":"good","pick":"a"}')?.ok).toBe(true);
      }
      expect(log()).toHaveLength(1);
      expect(log()[0]).toMatch(reason);
    },
  );
});
