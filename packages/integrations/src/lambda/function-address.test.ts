import type { FunctionCaller, FunctionResult } from '@sluice/contracts';
import { afterEach, describe, expect, it } from 'vitest';
import { recomputedAuthorization, testCredentials } from '../aws/signature.fixture.js';
import { backEnd, closeAll, definition, invoke, invoker, message, route } from '../back-end.fixture.js';
import { testCertificate } from '../test-certificate.fixture.js';
import { addressOf } from './function-address.js';
import { readFunctionUri } from './function-uri.js';
import { functionUri, invokeApi, lambda, originOf } from './invoke-api.fixture.js';

afterEach(closeAll);

const aws = { credentials: testCredentials };
const addressFor = (
  uri: string,
  settings: Parameters<typeof addressOf>[1],
  from: Parameters<typeof addressOf>[2] = {},
) => addressOf(readFunctionUri(uri), settings, from).url.href;
const arn = 'arn:aws:lambda:us-east-1:123456789012:function:f';

describe('a Lambda URI', () => {
  it('[IN-7] is read with alias, version and $LATEST, and with either slash', () => {
    expect(readFunctionUri(functionUri('f'))).toEqual({
      partition: 'aws',
      region: 'us-east-1',
      name: 'f',
      qualifier: undefined,
      arn,
    });
    for (const qualifier of ['prod', '7', '$LATEST']) {
      expect(readFunctionUri(functionUri(`f:${qualifier}`))).toMatchObject({ name: 'f', qualifier, arn });
    }
    expect(readFunctionUri(functionUri('f').replace('path/', 'path//')).name).toBe('f');
    expect(readFunctionUri(functionUri('f', 'cn-north-1').replaceAll('arn:aws:', 'arn:aws-cn:')).partition).toBe(
      'aws-cn',
    );
  });

  it.each([
    ['', /not of the form/],
    [arn, /is the function's own ARN/],
    ['https://example.com/', /not of the form/],
    [functionUri(''), /stage variable missing/],
    [functionUri('f:'), /stage variable missing/],
    [functionUri('f:a:b'), /stage variable missing/],
    [functionUri('a b'), /stage variable missing/],
    [functionUri('f\r\nX-A: b'), /stage variable missing/],
    [functionUri('../../x'), /not of the form/],
    [functionUri('f?Qualifier=x'), /stage variable missing/],
    [functionUri('f').replace('123456789012', '12'), /stage variable missing/],
    [functionUri('f').replace('/invocations', ''), /not of the form/],
    [functionUri('f').replace('2015-03-31', '2014-11-13'), /not of the form/],
  ])('[IN-7] %j is refused with the reason', async (integrationUri, reason) => {
    const integration = lambda({ aws }, { integrationUri });
    expect(integration.fault).toMatch(reason);
    expect(await invoke(integration, message('{}'))).toMatchObject({ code: 'integration_misconfigured' });
  });

  it('[IN-9] takes stage variables anywhere, whole name and alias too', async () => {
    const api = await invokeApi();
    const stageVariables = { region: 'us-east-1', name: 'chat', alias: 'prod', nasty: 'x/../y' };
    const uriOf = (name: string) =>
      functionUri(name).replace('apigateway:us-east-1', 'apigateway:${stageVariables.region}');
    const call = (name: string) =>
      invoke(
        lambda({ lambda: { endpoint: originOf(api) } }, { integrationUri: uriOf(name) }, { stageVariables }),
        message('{}'),
      );
    await call('${stageVariables.name}');
    await call('${stageVariables.name}:${stageVariables.alias}');
    await call('my-${stageVariables.name}-1');
    expect(api.seen.map(({ url }) => url)).toEqual([
      '/2015-03-31/functions/chat/invocations',
      '/2015-03-31/functions/chat/invocations?Qualifier=prod',
      '/2015-03-31/functions/my-chat-1/invocations',
    ]);
    for (const name of ['${stageVariables.missing}', 'chat:${stageVariables.missing}', '${stageVariables.nasty}']) {
      expect(await call(name)).toMatchObject({ code: 'integration_misconfigured' });
    }
    expect(api.seen).toHaveLength(3);
  });
});

describe('where a function is', () => {
  it('[IN-50] its own entry, the most specific first, then the endpoint, then AWS', () => {
    const functions = {
      [`${arn}:prod`]: 'http://a',
      'f:prod': 'http://b',
      [arn]: 'http://c',
      f: 'http://d',
    };
    const order = ['http://a', 'http://b', 'http://c', 'http://d'];
    const left: Record<string, string> = { ...functions };
    for (const [index, key] of Object.keys(functions).entries()) {
      expect(addressFor(functionUri('f:prod'), { functions: left, endpoint: 'http://e' })).toBe(
        `${order[index]}/2015-03-31/functions/f/invocations?Qualifier=prod`,
      );
      delete left[key];
    }
    expect(addressFor(functionUri('f:prod'), { functions, endpoint: 'http://e' })).toMatch(/^http:\/\/a/);
    expect(addressFor(functionUri('f'), { functions })).toBe('http://c/2015-03-31/functions/f/invocations');
    expect(addressFor(functionUri('g'), { functions, endpoint: 'http://e/base/' }, aws)).toBe(
      'http://e/base/2015-03-31/functions/g/invocations',
    );
    expect(addressFor(functionUri('g:v1', 'eu-west-1'), { functions }, aws)).toBe(
      'https://lambda.eu-west-1.amazonaws.com/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Ag/invocations?Qualifier=v1',
    );
    const china = functionUri('g', 'cn-north-1').replaceAll('arn:aws:', 'arn:aws-cn:');
    expect(addressFor(china, {}, aws)).toMatch(/^https:\/\/lambda\.cn-north-1\.amazonaws\.com\.cn\//);
  });

  it('[IN-50] an address with a path is called as it is', async () => {
    const api = await backEnd({ respond: (_request, response) => response.end('{"statusCode":200,"body":"plain"}') });
    const functions = { chat: `${originOf(api)}/my/handler?x=1` };
    const integration = lambda({ lambda: { functions }, aws });
    expect(await invoke(integration, message('{"a":1}'))).toMatchObject({ text: 'plain' });
    expect(api.seen[0]).toMatchObject({ method: 'POST', url: '/my/handler?x=1' });
    // A signature is for who speaks the Invoke API.
    expect(api.seen[0]?.headers.authorization).toBeUndefined();
    expect(JSON.parse(api.seen[0]?.body ?? '')).toMatchObject({ body: '{"a":1}', isBase64Encoded: false });
  });

  it('[IN-50] nothing configured: the fault names function and keys', () => {
    const integration = lambda({});
    expect(integration.fault).toMatch(/function chat .*lambda\.functions\.chat.*lambda\.endpoint.*aws\.credentials/);
    expect(lambda({ lambda: { endpoint: 'ftp://x' } }).fault).toMatch(/lambda\.endpoint is not an absolute http/);
    expect(lambda({ lambda: { functions: { chat: 'http://u:p@h' } } }).fault).toMatch(/lambda\.functions\.chat holds/);
  });

  it('[IN-36] loopback is allowed because the operator wrote it, metadata addresses are not', async () => {
    const integration = lambda({ lambda: { endpoint: 'http://169.254.169.254' } });
    expect(await invoke(integration, message('{}'))).toMatchObject({ code: 'integration_egress_refused' });
  });
});

describe('the call', () => {
  it('[IN-50] is what the Invoke API wants', async () => {
    const api = await invokeApi();
    await invoke(lambda({ lambda: { endpoint: originOf(api) } }), message('{}'));
    const { method, headers, body } = api.seen[0] ?? { method: '', headers: {}, body: '' };
    expect(method).toBe('POST');
    expect(headers).toMatchObject({
      host: new URL(api.uri).host,
      'user-agent': 'AmazonAPIGateway_chat',
      'content-type': 'application/json',
      'x-amz-invocation-type': 'RequestResponse',
      'x-amzn-trace-id': expect.stringMatching(/^Root=1-/) as unknown,
      'content-length': String(Buffer.byteLength(body)),
    });
    expect(headers.authorization).toBeUndefined();
  });

  it.each([false, true])('[IN-50] is signed where there are credentials (tls %s)', async (tls) => {
    const api = await invokeApi({}, tls);
    const calls = invoker({ lambda: { endpoint: originOf(api) }, aws, ca: testCertificate });
    const uri = functionUri('chat:$LATEST', 'eu-central-1');
    const integration = calls.prepare(definition({ integrationType: 'AWS_PROXY', integrationUri: uri }), route);
    for (const text of ['{"a":"ü"}', '']) expect(await invoke(integration, message(text))).toMatchObject({ ok: true });
    for (const seen of api.seen) {
      expect(seen.url).toBe('/2015-03-31/functions/chat/invocations?Qualifier=%24LATEST');
      expect(seen.headers.authorization).toMatch(
        /\/eu-central-1\/lambda\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-invocation-type,/,
      );
      expect(await recomputedAuthorization(seen)).toBe(seen.headers.authorization);
    }
    // The recomputation is no echo: another key, another signature.
    const [seen] = api.seen;
    expect(seen && (await recomputedAuthorization(seen, { ...testCredentials, secretAccessKey: 'other' }))).not.toBe(
      seen?.headers.authorization,
    );
  });

  it('[IN-50] carries the session token of temporary credentials, signed', async () => {
    const api = await invokeApi();
    const credentials = { ...testCredentials, sessionToken: 'session+token==' };
    await invoke(lambda({ lambda: { endpoint: originOf(api) }, aws: { credentials } }), message('{}'));
    const seen = api.seen[0];
    expect(seen?.headers['x-amz-security-token']).toBe('session+token==');
    expect(seen?.headers.authorization).toContain('x-amz-security-token');
    expect(seen && (await recomputedAuthorization(seen, credentials))).toBe(seen?.headers.authorization);
  });
});

function call(caller: FunctionCaller, payload: string): Promise<FunctionResult> {
  return new Promise((resolve) => caller.call(Buffer.from(payload), { timeoutMs: 2_000 }, resolve));
}

describe('prepareFunction', () => {
  const place = { apiId: 'chat', stageVariables: { v: 'auth', port: '1' } };

  it('[IN-51] calls a function for somebody else, with the result as it came', async () => {
    const api = await invokeApi({ payload: '{"principalId": "me"}' });
    const caller = invoker({ lambda: { endpoint: originOf(api) } }).prepareFunction(
      functionUri('${stageVariables.v}'),
      place,
    );
    const result = await call(caller, '{"type":"REQUEST"}');
    expect(result).toMatchObject({ kind: 'ok' });
    expect(result.kind === 'ok' && Buffer.from(result.payload).toString()).toBe('{"principalId": "me"}');
    expect(api.seen[0]).toMatchObject({ url: '/2015-03-31/functions/auth/invocations', body: '{"type":"REQUEST"}' });
  });

  it('[IN-51] calls a plain address, and tells its status', async () => {
    let status = 200;
    const api = await backEnd({ respond: (_request, response) => response.writeHead(status).end('{}') });
    const calls = invoker({ aws, egressAllow: ['127.0.0.0/8'] });
    const caller = calls.prepareFunction(`${originOf(api)}/check?by=\${stageVariables.v}`, place);
    expect(await call(caller, '{"a":1}')).toMatchObject({ kind: 'ok' });
    expect(api.seen[0]).toMatchObject({ method: 'POST', url: '/check?by=auth', body: '{"a":1}' });
    expect(api.seen[0]?.headers.authorization).toBeUndefined();
    for (status of [401, 403, 500]) {
      expect(await call(caller, '{}')).toMatchObject({ kind: 'failed', code: 'function_refused', status });
    }
  });

  it('[IN-51] never throws: what cannot be called has a fault', async () => {
    for (const uri of ['', arn, 'http://u:p@h/', 'http://{x}/', functionUri('unmapped')]) {
      const caller = invoker().prepareFunction(uri, place);
      expect(caller.fault).toEqual(expect.any(String));
      expect(await call(caller, '{}')).toMatchObject({ kind: 'failed', code: 'integration_misconfigured' });
    }
  });

  it('[IN-36] [IN-51] a host that a stage variable makes falls under the rules for such hosts', async () => {
    const api = await backEnd();
    const host = new URL(api.uri).host;
    const caller = invoker().prepareFunction('http://${stageVariables.host}/', { ...place, stageVariables: { host } });
    expect(await call(caller, '{}')).toMatchObject({ kind: 'failed', code: 'integration_egress_refused' });
    expect(api.seen).toHaveLength(0);
  });
});
