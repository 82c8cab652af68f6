import type { IntegrationDefinition, IntegrationResponseDefinition } from '@sluice/contracts';
import { afterEach, describe, expect, it } from 'vitest';
import {
  backEnd,
  closeAll,
  connectRequest,
  definition,
  invoke,
  invoker,
  message,
  prepared,
  route,
} from './back-end.fixture.js';
import { mappingDoubles } from './mapping-doubles.fixture.js';

afterEach(closeAll);

const response = (
  integrationResponseKey: string,
  text?: string,
  changes: Partial<IntegrationResponseDefinition> = {},
): IntegrationResponseDefinition => ({
  integrationResponseKey,
  templateSelectionExpression: undefined,
  responseTemplates: text === undefined ? {} : { $default: text },
  ...changes,
});
const http = (
  integrationUri: string,
  changes: Partial<IntegrationDefinition>,
  routeChanges: Partial<typeof route> = {},
) =>
  prepared(
    { integrationType: 'HTTP', integrationUri, integrationResponses: [response('$default')], ...changes },
    routeChanges,
    mappingDoubles,
  );
const mock = (changes: Partial<IntegrationDefinition>, routeChanges: Partial<typeof route> = {}) =>
  prepared({ integrationType: 'MOCK', ...changes }, routeChanges, mappingDoubles);

describe('$connect with a non-proxy integration', () => {
  const withHeaders = () =>
    backEnd({
      respond: (_request, answer) =>
        answer.writeHead(201, { 'Set-Cookie': ['a=1', 'b=2'], 'X-Protocol': 'chat.v2', 'X-Secret': '1' }).end('hello'),
    });
  const responseParameters = {
    'method.response.header.Sec-WebSocket-Protocol': 'integration.response.header.X-Protocol',
    'method.response.header.Set-Cookie': 'integration.response.header.set-cookie',
    'method.response.header.X-Fixed': "'1'",
    'method.response.header.X-None': 'integration.response.header.none',
    'method.response.header.X-Bad': 'stageVariables.bad',
    'method.response.header.bad name': "'1'",
  };

  it('[RS-10] gives the mapped headers of the back end, and no others; messages have none', async () => {
    const { uri } = await withHeaders();
    const integrationResponses = [response('$default', undefined, { responseParameters })];
    const integration = http(uri, { integrationResponses }, { stageVariables: { bad: 'ü\r\nx-evil: 1' } });
    expect(await invoke(integration, connectRequest())).toMatchObject({
      status: 201,
      text: 'hello',
      headers: [
        ['Sec-WebSocket-Protocol', 'chat.v2'],
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
        ['X-Fixed', '1'],
        ['X-Bad', 'ü  x-evil: 1'],
      ],
    });
    expect(await invoke(integration, message('{}'))).toMatchObject({ status: 201, headers: [], text: 'hello' });
  });

  it('[RS-10] [MT-6] $context.responseOverride.header replaces a mapped header', async () => {
    const { uri } = await withHeaders();
    const text = '#override header x-fixed = 2\n#override header X-New = 3\n$input.body';
    const integrationResponses = [
      response('$default', text, { responseParameters: { 'method.response.header.X-Fixed': "'1'" } }),
    ];
    expect(await invoke(http(uri, { integrationResponses }), connectRequest())).toMatchObject({
      headers: [
        ['x-fixed', '2'],
        ['X-New', '3'],
      ],
    });
  });

  it('[RS-12] the status is that of the back end, unless the response template overrides it', async () => {
    const { uri } = await withHeaders();
    const connect = (key: string, text?: string) =>
      invoke(http(uri, { integrationResponses: [response(key, text)] }), connectRequest());
    expect(await connect('/2\\d\\d/')).toMatchObject({ status: 201 });
    expect(await connect('$default')).toMatchObject({ status: 201 });
    const overridden = await connect('201', '#override status = 403\nno: $input.body');
    expect(overridden).toMatchObject({ ok: true, status: 403, integrationStatus: 201, text: 'no: hello' });
    expect(await connect('201', '#override status = 101\n')).toMatchObject({
      code: 'template_failed',
      integrationStatus: 201,
    });
  });

  it('[RS-12] [IN-26] the status of a MOCK is its template’s, or the override of its response', async () => {
    const integration = mock(
      {
        requestTemplates: { $default: '{"statusCode": $stageVariables.code}' },
        integrationResponses: [response('200'), response('$default', '#override status = 451\nno')],
      },
      { stageVariables: { code: '200' } },
    );
    expect(await invoke(integration, connectRequest())).toMatchObject({ ok: true, status: 200, text: '' });
    const refusing = mock({
      requestTemplates: { $default: '{"statusCode": 500}' },
      integrationResponses: [response('200'), response('$default', '#override status = 451\nno')],
    });
    expect(await invoke(refusing, connectRequest())).toMatchObject({ status: 451, text: 'no', integrationStatus: 500 });
  });
});

it('[RS-12] metrics count the status of the back end, not what a template makes of it', async () => {
  const calls = invoker();
  const integration = calls.prepare(
    definition({
      integrationType: 'MOCK',
      requestTemplates: { $default: '{"statusCode": 500}' },
      integrationResponses: [response('$default', '#override status = 200\n')],
    }),
    route,
    mappingDoubles,
  );
  expect(await invoke(integration, connectRequest())).toMatchObject({ status: 200, integrationStatus: 500 });
  const errors = (await calls.metrics.integrationErrorsTotal.get()).values;
  expect(errors.map(({ labels, value }) => [labels['code'], value])).toEqual([['5xx', 1]]);
});
