import type { IntegrationDefinition, IntegrationResponseDefinition } from '@sluice/contracts';
import { afterEach, describe, expect, it } from 'vitest';
import { closeAll, connectRequest, disconnectRequest, invoke, message } from '../back-end.fixture.js';
import type { IntegrationRoute, Selectors } from '../index.js';
import { mappingDoubles } from '../mapping-doubles.fixture.js';
import { functionUri, type InvokeAnswer, invokeApi, lambda, originOf } from './invoke-api.fixture.js';

afterEach(closeAll);

const response = (
  integrationResponseKey: string,
  template?: string,
  changes: Partial<IntegrationResponseDefinition> = {},
): IntegrationResponseDefinition => ({
  integrationResponseKey,
  templateSelectionExpression: undefined,
  responseTemplates: template === undefined ? {} : { $default: template },
  ...changes,
});

async function custom(
  answer: InvokeAnswer,
  changes: Partial<IntegrationDefinition> = {},
  routeChanges: Partial<IntegrationRoute> = {},
  selectors: Selectors = mappingDoubles,
) {
  const api = await invokeApi(answer);
  const base = { integrationType: 'AWS' as const, integrationResponses: [response('$default')], ...changes };
  return { api, integration: lambda({ lambda: { endpoint: originOf(api) } }, base, routeChanges, selectors) };
}

const thrown = (errorMessage: string): InvokeAnswer => ({
  headers: { 'X-Amz-Function-Error': 'Unhandled' },
  payload: { errorMessage, errorType: 'Error' },
});

describe('AWS with a Lambda URI', () => {
  it('[IN-4] [IN-35] sends the message where it passes through, and its result is the reply', async () => {
    const { api, integration } = await custom({ payload: '{"a": [1]}' });
    expect(await invoke(integration, message('{"x":"ü"}'))).toMatchObject({
      ok: true,
      status: 200,
      text: '{"a": [1]}',
    });
    expect(api.seen[0]?.body).toBe('{"x":"ü"}');
    expect(api.seen[0]?.headers['x-amz-invocation-type']).toBe('RequestResponse');
  });

  it('[IN-35] sends what the request template makes, on every kind of route', async () => {
    const { api, integration } = await custom(
      { payload: { result: 1 } },
      {
        requestTemplates: { $default: '{"in":$input.body,"type":"$context.eventType","v":"$stageVariables.v"}' },
        integrationResponses: [response('$default', 'got $input.body')],
      },
      { stageVariables: { v: 'x' } },
    );
    expect(await invoke(integration, message('[1]'))).toMatchObject({ text: 'got {"result":1}' });
    await invoke(integration, connectRequest());
    await invoke(integration, disconnectRequest(1000, ''));
    expect(api.seen.map(({ body }) => body)).toEqual([
      '{"in":[1],"type":"MESSAGE","v":"x"}',
      '{"in":,"type":"CONNECT","v":"x"}',
      '{"in":,"type":"DISCONNECT","v":"x"}',
    ]);
  });

  it('[IN-35] sends {} where there is nothing to pass through', async () => {
    const { api, integration } = await custom({ payload: '{}' });
    for (const request of [connectRequest(), disconnectRequest(1000, ''), message('')]) {
      expect(await invoke(integration, request)).toMatchObject({ ok: true, status: 200 });
    }
    expect(api.seen.map(({ body }) => body)).toEqual(['{}', '{}', '{}']);
  });

  it('[IN-35] [RS-5] [RS-20] errorMessage chooses the response, whose template sees the error object', async () => {
    const integrationResponses = [
      response('/\\[BadRequest\\].*/', 'bad: $input.body'),
      response('exactly', 'literal'),
      response('$default', 'default: $input.body'),
    ];
    const text = async (answer: InvokeAnswer) => {
      const { integration } = await custom(answer, { integrationResponses });
      return (await invoke(integration, message('{}'))).text;
    };
    expect(await text(thrown('[BadRequest] no name'))).toBe(
      'bad: {"errorMessage":"[BadRequest] no name","errorType":"Error"}',
    );
    expect(await text(thrown('exactly'))).toBe('literal');
    expect(await text(thrown('other'))).toBe('default: {"errorMessage":"other","errorType":"Error"}');
    expect(await text({ payload: { fine: true } })).toBe('default: {"fine":true}');
    // A result that only looks like an error is none: the service says whether the function failed.
    expect(await text({ payload: { errorMessage: 'exactly' } })).toBe('default: {"errorMessage":"exactly"}');
  });

  it('[IN-35] [SL-4] what the function has said is there for the execution log, although it is answered', async () => {
    const { integration } = await custom({
      ...thrown('boom\nand more'),
      headers: { 'X-Amz-Function-Error': 'Unhandled', 'x-amzn-RequestId': 'b7e1' },
    });
    const outcome = await invoke(integration, message('{}'));
    expect(outcome).toMatchObject({ ok: true, functionError: { errorMessage: 'boom and more', requestId: 'b7e1' } });
    const { integration: fine } = await custom({ payload: '{}' });
    expect(await invoke(fine, message('{}'))).not.toHaveProperty('functionError');
  });

  it('[IN-35] nothing matches and there is no $default: unmapped, one-way routes too', async () => {
    for (const answer of [thrown('x'), { payload: '{}' }]) {
      const { integration } = await custom(
        answer,
        { integrationResponses: [response('other')] },
        { hasRouteResponse: false },
      );
      expect(await invoke(integration, message('{}'))).toMatchObject({ code: 'integration_response_unmapped' });
    }
  });

  it('[IN-52] a function that failed lets nobody connect, unless the response says so', async () => {
    const status = async (template: string | undefined, answer: InvokeAnswer) => {
      const { integration } = await custom(answer, { integrationResponses: [response('$default', template)] });
      return (await invoke(integration, connectRequest())).status;
    };
    expect(await status(undefined, thrown('boom'))).toBe(502);
    expect(await status('no', thrown('boom'))).toBe(502);
    expect(await status('#override status = 403\nno', thrown('boom'))).toBe(403);
    expect(await status(undefined, { payload: '{}' })).toBe(200);
    expect(await status('#override status = 401\nno', { payload: '{}' })).toBe(401);
  });

  it("[LE-7] the mapped header X-Amz-Invocation-Type 'Event' invokes asynchronously", async () => {
    const { api, integration } = await custom(
      { status: 202, payload: '' },
      { requestParameters: { 'integration.request.header.X-Amz-Invocation-Type': "'Event'" } },
    );
    expect(await invoke(integration, message('{}'))).toMatchObject({ ok: true, status: 200, text: '' });
    expect(api.seen[0]?.headers['x-amz-invocation-type']).toBe('Event');
  });

  it('[IN-35] failures of template, mapping, passthrough and call are outcomes', async () => {
    const failing = await custom({}, { requestTemplates: { $default: '#fail' } });
    expect(await invoke(failing.integration, message('{}'))).toMatchObject({ code: 'template_failed' });
    const invalid = await custom({}, { requestTemplates: { $default: '#invalid' } });
    expect(invalid.integration.fault).toMatch(/not a directive/);
    const never = await custom({}, { passthroughBehavior: 'NEVER' });
    expect(await invoke(never.integration, message('{}'))).toMatchObject({ code: 'unsupported_media_type' });
    const refused = await custom({ status: 404, payload: { Message: 'no such function' } });
    expect(await invoke(refused.integration, message('{}'))).toMatchObject({
      code: 'function_refused',
      integrationStatus: 404,
    });
    expect(failing.api.seen.length + never.api.seen.length).toBe(0);
    const pattern = await custom({}, { integrationResponses: [response('/(?=a)/')] });
    expect(pattern.integration.fault).toMatch(/look-around/);
    const uri = functionUri('chat').replace('/invocations', '');
    const wrong = await custom({}, { integrationUri: uri });
    expect(await invoke(wrong.integration, message('{}'))).toMatchObject({ code: 'integration_misconfigured' });
  });
});
