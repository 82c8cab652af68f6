import type { IntegrationDefinition, IntegrationResponseDefinition } from '@sluice/contracts';
import { afterEach, describe, expect, it } from 'vitest';
import {
  backEnd,
  closeAll,
  connectRequest,
  disconnectRequest,
  invoke,
  message,
  prepared,
  type route,
} from './back-end.fixture.js';
import type { TemplateKind } from './index.js';
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

describe('request templates', () => {
  it('[IN-2] [IN-12] [IN-13] make the body of messages and of $connect; $disconnect has none', async () => {
    const { uri, seen } = await backEnd();
    const integration = http(
      uri,
      {
        requestTemplates: { $default: '{"is":"$context.eventType","of":"$stageVariables.who","got":"$input.body"}' },
      },
      { stageVariables: { who: 'ada' } },
    );
    for (const request of [message('grüße'), connectRequest(), disconnectRequest(1000, '')])
      await invoke(integration, request);
    expect(seen.map(({ body }) => body)).toEqual([
      '{"is":"MESSAGE","of":"ada","got":"grüße"}',
      '{"is":"CONNECT","of":"ada","got":""}',
      '',
    ]);
    expect(seen.map(({ headers }) => headers['content-type'])).toEqual([
      'application/json',
      'application/json',
      undefined,
    ]);
  });

  it('[MT-6] override mapped headers, query parameters and placeholders, on $disconnect too', async () => {
    const { uri, seen } = await backEnd();
    const integration = http(`${new URL(uri).origin}/{id}`, {
      requestParameters: {
        'integration.request.header.X-A': "'mapped'",
        'integration.request.header.X-B': "'kept'",
        'integration.request.querystring.q': "'mapped'",
        'integration.request.path.id': "'mapped'",
      },
      requestTemplates: {
        $default:
          '#override header x-a = $context.eventType\n#override header x-sluice-stage = forged\n' +
          '#override querystring q = set\n#override path id = a b\nbody',
      },
    });
    for (const request of [message('{}'), disconnectRequest(1000, '')]) await invoke(integration, request);
    expect(seen.map(({ url, body }) => [url, body])).toEqual([
      ['/a%20b?q=set', 'body'],
      ['/a%20b?q=set', ''],
    ]);
    expect(seen[0]?.headers).toMatchObject({ 'x-a': 'MESSAGE', 'x-b': 'kept', 'x-sluice-stage': 'dev' });
    expect(seen[1]?.headers).toMatchObject({ 'x-a': 'DISCONNECT' });
  });

  it('[IN-8] a placeholder that only a template can fill is asked for with each request', async () => {
    const { uri, seen } = await backEnd();
    const requestTemplates = { $default: '#override path id = $input.body\nbody' };
    const integration = http(`${new URL(uri).origin}/{id}`, { requestTemplates });
    await invoke(integration, message('one'));
    expect(await invoke(integration, message(''))).toMatchObject({ code: 'integration_misconfigured' });
    expect(seen.map(({ url }) => url)).toEqual(['/one']);
  });

  it('[IN-2] one that fails ends the call with its place and reason; one that does not compile all calls', async () => {
    const { uri, seen } = await backEnd();
    const failing = http(uri, { requestTemplates: { $default: '#fail' } });
    expect(await invoke(failing, message('{}'))).toEqual({
      ok: false,
      code: 'template_failed',
      detail: 'requestTemplates.$default: line 1: it fails',
    });
    const invalid = http(uri, { requestTemplates: { 'application/json': '#invalid' } });
    expect(invalid.fault).toContain('requestTemplates.application/json: line 1');
    expect(await invoke(invalid, message('{}'))).toMatchObject({ code: 'integration_misconfigured' });
    expect(seen).toHaveLength(0);
  });

  it('[MT-6] templates are compiled for what they are: request or response', () => {
    const compiled: string[] = [];
    const compileTemplate = (_text: string, place: string, kind: TemplateKind) => {
      compiled.push(`${kind} ${place}`);
      return () => ({ text: '', overrides: undefined });
    };
    const integrationResponses = [response('/2../', '$input.body')];
    const changes = {
      integrationType: 'MOCK' as const,
      requestTemplates: { a: '$input.body', b: 'static' },
      integrationResponses,
    };
    expect(prepared(changes, {}, { compileTemplate }).fault).toBeUndefined();
    expect(compiled).toEqual([
      'request requestTemplates.a',
      'response integrationResponses./2../.responseTemplates.$default',
    ]);
  });

  it('[IN-16] a mapping that fails is an outcome, not an exception', async () => {
    const { uri } = await backEnd();
    const integration = http(uri, { requestParameters: { 'integration.request.header.X': 'route.request.body.a' } });
    expect(await invoke(integration, message('no JSON'))).toMatchObject({ ok: false, code: 'internal' });
    expect(await invoke(integration, message('{"a":"1"}'))).toMatchObject({ ok: true });
  });
});

describe('response templates', () => {
  it('[RS-6] see the body of the back end as $input.body', async () => {
    const { uri } = await backEnd({ respond: (_request, answer) => answer.writeHead(404).end('gone') });
    const integrationResponses = [
      response('/4\\d\\d/', '{"error":"$input.body","on":"$context.routeKey"}'),
      response('$default', 'fine'),
    ];
    expect(await invoke(http(uri, { integrationResponses }), message('{}'))).toEqual({
      ok: true,
      status: 404,
      headers: [],
      body: Buffer.from('{"error":"gone","on":"sendMessage"}'),
      text: '{"error":"gone","on":"sendMessage"}',
    });
  });

  it('[RS-6] know the status of the answer from $context', async () => {
    const { uri } = await backEnd({ respond: (_request, answer) => answer.writeHead(418).end() });
    const text = '$context.status $context.integrationStatus $context.integration.status $context.eventType';
    const outcome = await invoke(http(uri, { integrationResponses: [response('$default', text)] }), message('{}'));
    expect(outcome.text).toBe('418 418 418 MESSAGE');
  });

  it('[RS-6] are not rendered where nobody reads the result: one-way routes, $disconnect', async () => {
    const { uri, seen } = await backEnd();
    const integrationResponses = [response('$default', '#fail')];
    const oneWay = http(uri, { integrationResponses }, { hasRouteResponse: false });
    expect(await invoke(oneWay, message('{}'))).toMatchObject({ ok: true, text: '' });
    const integration = http(uri, { integrationResponses });
    expect(await invoke(integration, disconnectRequest(1000, ''))).toMatchObject({ ok: true, text: '' });
    expect(await invoke(integration, message('{}'))).toEqual({
      ok: false,
      code: 'template_failed',
      detail: 'integrationResponses.$default.responseTemplates.$default: line 1: it fails',
      integrationStatus: 200,
    });
    expect(seen).toHaveLength(3);
  });

  it('[RS-8] a status that no response takes is told together with it', async () => {
    const { uri } = await backEnd({ respond: (_request, answer) => answer.writeHead(500).end() });
    const outcome = await invoke(http(uri, { integrationResponses: [response('200')] }), message('{}'));
    expect(outcome).toMatchObject({ code: 'integration_response_unmapped', integrationStatus: 500 });
  });
});

describe('MOCK', () => {
  it('[IN-24] renders its template for every message, whose status selects the response', async () => {
    const integration = mock({
      requestTemplates: { 'application/json': '{"statusCode": $input.body}' },
      integrationResponses: [response('/4\\d\\d/', 'refused on $context.routeKey'), response('$default', 'fine')],
    });
    const texts = [];
    for (const body of ['200', '404', '404', '299']) texts.push((await invoke(integration, message(body))).text);
    expect(texts).toEqual(['fine', 'refused on sendMessage', 'refused on sendMessage', 'fine']);
    for (const body of ['', '"200"', '{}', '99', '600', '200.5']) {
      expect(await invoke(integration, message(body))).toMatchObject({ code: 'integration_misconfigured' });
    }
  });

  it('[IN-24] a template that fails is an outcome; the body of its response template is empty where there is none', async () => {
    const failing = mock({ requestTemplates: { $default: '#fail' }, integrationResponses: [response('$default')] });
    expect(await invoke(failing, message('1'))).toMatchObject({ code: 'template_failed' });
    const bare = mock({
      requestTemplates: { $default: '{"statusCode":200}' },
      integrationResponses: [response('$default', '[$input.body]')],
    });
    expect(await invoke(bare, message('1'))).toMatchObject({ text: '[]' });
  });

  it('[IN-24] runs on $disconnect as well', async () => {
    const integration = mock(
      {
        requestTemplates: { $default: '{"statusCode": 20$stageVariables.last}' },
        integrationResponses: [response('204')],
      },
      { stageVariables: { last: '4' } },
    );
    expect(await invoke(integration, disconnectRequest(1000, ''))).toMatchObject({ ok: true, status: 204, text: '' });
  });
});
