import { afterEach, describe, expect, it } from 'vitest';
import { backEnd, closeAll, connectRequest, disconnectRequest, invoke, message, prepared } from './back-end.fixture.js';

afterEach(closeAll);

const response = (integrationResponseKey: string, text?: string, key = '$default') => ({
  integrationResponseKey,
  templateSelectionExpression: undefined,
  responseTemplates: text === undefined ? {} : { [key]: text },
});
const compileResponseTemplateKey = () => (sources: { status: number }) => String(sources.status);
const teapot = () =>
  backEnd({
    respond: (_request, answer) => answer.writeHead(418, { 'x-a': '1' }).end('short and stout'),
  });

describe('HTTP', () => {
  it('[IN-2] [RS-6] sends the template and answers with the response template', async () => {
    const { uri, seen } = await backEnd();
    const integration = prepared({
      integrationType: 'HTTP',
      integrationUri: uri,
      requestTemplates: { $default: '{"fixed":true}' },
      integrationResponses: [response('$default', '{"done":true}')],
    });
    expect(await invoke(integration, message('{"a":1}'))).toMatchObject({
      ok: true,
      status: 200,
      text: '{"done":true}',
    });
    expect(seen[0]).toMatchObject({ body: '{"fixed":true}' });
    expect(seen[0]?.headers['content-type']).toBe('application/json');
  });

  it('[IN-13] the template is the body of $connect too, $disconnect has none; the handshake is not forwarded', async () => {
    const { uri, seen } = await backEnd();
    const integration = prepared({
      integrationType: 'HTTP',
      integrationUri: uri,
      requestTemplates: { 'application/json': '{"fixed":true}' },
      integrationResponses: [response('$default')],
    });
    await invoke(integration, connectRequest([['x-client', '1']], 'a=1'));
    await invoke(integration, disconnectRequest(1000, ''));
    expect(seen.map((request) => [request.url, request.body])).toEqual([
      ['/path', '{"fixed":true}'],
      ['/path', ''],
    ]);
    expect(seen[0]?.headers['x-client']).toBeUndefined();
  });

  it.each([
    ['WHEN_NO_MATCH', {}, 'passed'],
    ['WHEN_NO_MATCH', { other: 'x' }, 'passed'],
    ['WHEN_NO_TEMPLATES', {}, 'passed'],
    ['WHEN_NO_TEMPLATES', { other: 'x' }, 'refused'],
    ['NEVER', {}, 'refused'],
    ['NEVER', { other: 'x' }, 'refused'],
  ] as const)(
    '[IN-34] [MT-3] %s with the templates %j: a body without a template is %s',
    async (passthroughBehavior, requestTemplates, what) => {
      const { uri, seen } = await backEnd();
      const integration = prepared({
        integrationType: 'HTTP',
        integrationUri: uri,
        passthroughBehavior,
        requestTemplates,
        integrationResponses: [response('$default')],
      });
      const outcome = await invoke(integration, message('{"a":1}'));
      if (what === 'passed') expect(outcome).toMatchObject({ ok: true, text: '{"a":1}' });
      else expect(outcome).toMatchObject({ ok: false, code: 'unsupported_media_type' });
      expect(seen).toHaveLength(what === 'passed' ? 1 : 0);
    },
  );

  it('[IN-34] [MT-3] the selection expression names the template, else $default', async () => {
    const { uri, seen } = await backEnd();
    const templates = { greet: 'hello', $default: 'default', 'application/json': 'json' };
    const changes = {
      integrationType: 'HTTP' as const,
      integrationUri: uri,
      requestTemplates: templates,
      integrationResponses: [response('$default')],
    };
    const select = { selectTemplateKey: (body: Uint8Array) => JSON.parse(Buffer.from(body).toString()).kind as string };
    const chosen = prepared({ ...changes, templateSelectionExpression: '$request.body.kind' }, {}, select);
    await invoke(chosen, message('{"kind":"greet"}'));
    await invoke(chosen, message('{"kind":"other"}'));
    await invoke(prepared(changes), message('{}'));
    await invoke(prepared({ ...changes, templateSelectionExpression: '\\$default' }), message('{}'));
    expect(seen.map((request) => request.body)).toEqual(['hello', 'default', 'json', 'default']);
  });

  it('[IN-2] a template with variables or directives fails out loud until templates are rendered', async () => {
    const changes = { integrationType: 'HTTP' as const, integrationUri: 'http://127.0.0.1:9/' };
    for (const text of ["$input.json('$')", '#set($x = 1)']) {
      const outcome = await invoke(prepared({ ...changes, requestTemplates: { $default: text } }), message('{}'));
      expect(outcome).toMatchObject({ ok: false, code: 'integration_misconfigured' });
      const integrationResponses = [response('$default', text)];
      expect(await invoke(prepared({ ...changes, integrationResponses }), message('{}'))).toMatchObject({ ok: false });
    }
  });

  it.each([
    [['418', '/4\\d\\d/', '$default'], '418'],
    [['/4\\d\\d/', '418', '$default'], '/4\\d\\d/'],
    [['/4\\d/', '/18/', '41', '$default'], '$default'],
    [['$default', '/41(8|9)/'], '/41(8|9)/'],
  ])('[RS-7] of the responses %j status 418 takes %s', async (keys, expected) => {
    const { uri } = await teapot();
    const integrationResponses = keys.map((key) => response(key, `chose ${key.replaceAll('$', '')}`));
    const integration = prepared({ integrationType: 'HTTP', integrationUri: uri, integrationResponses });
    const outcome = await invoke(integration, message('{}'));
    expect(outcome).toMatchObject({
      ok: true,
      status: 418,
      text: `chose ${expected.replaceAll('$', '')}`,
      headers: [],
    });
  });

  it('[RS-8] [RS-11] no matching response and no $default is an error, for one-way routes too', async () => {
    const { uri } = await teapot();
    for (const integrationResponses of [[], [response('200')]]) {
      const changes = { integrationType: 'HTTP' as const, integrationUri: uri, integrationResponses };
      const outcome = await invoke(prepared(changes, { hasRouteResponse: false }), message('{}'));
      expect(outcome).toMatchObject({ ok: false, code: 'integration_response_unmapped' });
    }
  });

  it('[RS-9] without a response template the body passes through', async () => {
    const { uri } = await teapot();
    const integrationResponses = [response('$default')];
    const integration = prepared({ integrationType: 'HTTP', integrationUri: uri, integrationResponses });
    expect(await invoke(integration, message('{}'))).toMatchObject({ status: 418, text: 'short and stout' });
  });

  it('[RS-9] [MT-3] the response template: by expression, else $default, else application/json', async () => {
    const { uri } = await teapot();
    const outcomes = [];
    for (const [expression, templates] of [
      ['$integration.response.statuscode', { '418': 'by status', $default: 'default' }],
      ['${integration.response.statuscode}', { '200': 'by status', $default: 'default', 'application/json': 'json' }],
      ['static', { static: 'static', $default: 'default' }],
      ['static', { 'application/json': 'json' }],
      [undefined, { $default: 'default', 'application/json': 'json' }],
      [undefined, { other: 'other' }],
    ] as const) {
      const chosen = { ...response('$default'), templateSelectionExpression: expression, responseTemplates: templates };
      const changes = { integrationType: 'HTTP' as const, integrationUri: uri, integrationResponses: [chosen] };
      const integration = prepared(changes, {}, expression?.startsWith('$') ? { compileResponseTemplateKey } : {});
      outcomes.push((await invoke(integration, message('{}'))).text);
    }
    expect(outcomes).toEqual(['by status', 'default', 'static', 'json', 'json', 'short and stout']);
  });

  it('[RS-9] an expression sees the message, the status and the headers; one that is not valid fails out loud', async () => {
    const { uri } = await teapot();
    const chosen = { ...response('$default', 'chosen', 'key'), templateSelectionExpression: 'x' };
    const changes = { integrationType: 'HTTP' as const, integrationUri: uri, integrationResponses: [chosen] };
    const seen: unknown[] = [];
    const spying = prepared(
      changes,
      {},
      {
        compileResponseTemplateKey: () => (sources) => {
          seen.push(sources);
          return 'key';
        },
      },
    );
    expect((await invoke(spying, message('{"a":1}'))).text).toBe('chosen');
    expect(seen).toEqual([
      { requestBody: Buffer.from('{"a":1}'), status: 418, headers: expect.arrayContaining([['x-a', '1']]) },
    ]);
    const failing = prepared(
      changes,
      {},
      {
        compileResponseTemplateKey: () => {
          throw new Error('bad expression');
        },
      },
    );
    expect(await invoke(failing, message('{}'))).toMatchObject({
      code: 'integration_misconfigured',
      detail: 'bad expression',
    });
  });

  it('[RS-7] the router can choose the response', async () => {
    const { uri } = await teapot();
    const integrationResponses = [response('a', 'chose a'), response('$default', 'default')];
    const changes = { integrationType: 'HTTP' as const, integrationUri: uri, integrationResponses };
    const select = { selectIntegrationResponse: (value: string) => (value === '418' ? 'a' : undefined) };
    expect((await invoke(prepared(changes, {}, select), message('{}'))).text).toBe('chose a');
  });
});
