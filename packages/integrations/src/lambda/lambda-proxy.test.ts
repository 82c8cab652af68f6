import { createServer } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import {
  backEnd,
  closeAll,
  connectRequest,
  definition,
  disconnectRequest,
  invoke,
  invoker,
  message,
  route,
} from '../back-end.fixture.js';
import type { IntegrationRoute } from '../index.js';
import { testCertificate } from '../test-certificate.fixture.js';
import { functionUri, type InvokeAnswer, invokeApi, lambda, originOf } from './invoke-api.fixture.js';
import { readProxyResult } from './proxy-result.js';

afterEach(closeAll);

async function answering(answer: InvokeAnswer, routeChanges: Partial<IntegrationRoute> = {}) {
  const api = await invokeApi(answer);
  return lambda({ lambda: { endpoint: originOf(api) } }, {}, routeChanges);
}

const base64 = (text: string | Uint8Array) => Buffer.from(text).toString('base64');

describe('the result of a function', () => {
  it('[LE-5] H2: statusCode decides a handshake; on 2xx only the sub-protocol is kept', async () => {
    const headers = { 'Sec-WebSocket-Protocol': 'v1', 'X-Other': 'x' };
    for (const statusCode of [200, 201, 204, 299]) {
      const integration = await answering({ payload: { statusCode, headers, body: 'kept from the client' } });
      expect(await invoke(integration, connectRequest())).toEqual({
        ok: true,
        status: statusCode,
        headers: [['Sec-WebSocket-Protocol', 'v1']],
        body: expect.anything(),
        text: '',
      });
    }
    const multi = await answering({
      payload: { statusCode: 200, multiValueHeaders: { 'sec-websocket-protocol': ['v2'] } },
    });
    expect(await invoke(multi, connectRequest())).toMatchObject({ headers: [['sec-websocket-protocol', 'v2']] });
  });

  it('[LE-5] H3: another status ends it with body and all headers, single and multi as one list', async () => {
    const integration = await answering({
      payload: {
        statusCode: 401,
        headers: { 'X-A': 'one', 'X-N': 3, 'X-T': true, 'X-Null': null, 'set-cookie': 'a=1', 'Bad Name': 'x' },
        multiValueHeaders: { 'Set-Cookie': ['a=1', 'b=2'], 'X-M': 'alone' },
        body: base64('nö'),
        isBase64Encoded: true,
      },
    });
    expect(await invoke(integration, connectRequest())).toMatchObject({
      ok: true,
      status: 401,
      text: 'nö',
      headers: [
        ['X-A', 'one'],
        ['X-N', '3'],
        ['X-T', 'true'],
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
        ['X-M', 'alone'],
      ],
    });
  });

  it('[LE-5] has no header that splits the answer to a handshake', async () => {
    const integration = await answering({
      payload: { statusCode: 403, headers: { 'X-A': 'a\r\nSet-Cookie: x=1', 'X-B\r\nC': 'b', 'X-D': '\u010a\u010d' } },
    });
    const { headers } = await invoke(integration, connectRequest());
    expect(headers?.map(([name]) => name)).toEqual(['X-A', 'X-D']);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
    for (const [, value] of headers ?? []) expect(value).not.toMatch(/[\x00-\x08\x0a-\x1f\x7f]|[^\x00-\xff]/);
  });

  it.each([200, 201, 404, 500])(
    '[LE-5] [RS-4] M8: a message is answered with the body, whatever the status (%i)',
    async (statusCode) => {
      const integration = await answering({ payload: { statusCode, body: 'reply ü', headers: 7 } });
      expect(await invoke(integration, message('{}'))).toEqual({
        ok: true,
        status: statusCode,
        headers: [],
        body: expect.anything(),
        text: 'reply ü',
      });
    },
  );

  it.each([{}, { body: null }, { body: '' }, { body: '', isBase64Encoded: true }, { isBase64Encoded: null }])(
    '[LE-5] %j means no frame',
    async (members) => {
      const integration = await answering({ payload: { statusCode: 200, ...members } });
      expect(await invoke(integration, message('{}'))).toMatchObject({ ok: true, text: '' });
    },
  );

  it('[LE-5] M9: no body is kept for a one-way route', async () => {
    const integration = await answering({ payload: { statusCode: 200, body: 'x' } }, { hasRouteResponse: false });
    expect(await invoke(integration, message('{}'))).toMatchObject({ ok: true, text: '' });
  });

  it('[LE-5] base64 is decoded and sent as text, with U+FFFD for what is no UTF-8', async () => {
    const body = base64(Buffer.from([0x61, 0xff, 0xc3, 0xbc]));
    const integration = await answering({ payload: { statusCode: 200, body, isBase64Encoded: true } });
    const outcome = await invoke(integration, message('{}'));
    expect(outcome).toMatchObject({ ok: true, text: 'a\ufffdü' });
    expect(outcome).not.toHaveProperty('binary');
  });

  it('[LE-8] with binaryFrames base64 goes out as the bytes of a binary frame, text as text', async () => {
    const bytes = Buffer.from([0x61, 0xff]);
    const payload = { statusCode: 200, body: base64(bytes), isBase64Encoded: true };
    const outcome = await invoke(await answering({ payload }, { binaryFrames: true }), message('{}'));
    expect(outcome).toMatchObject({ ok: true, binary: true, body: bytes });
    const text = await answering({ payload: { statusCode: 200, body: 'x' } }, { binaryFrames: true });
    expect(await invoke(text, message('{}'))).not.toHaveProperty('binary');
  });

  it('[LE-5] nothing of it counts on $disconnect', async () => {
    for (const payload of ['null', '"text"', '{"statusCode":"x"}', '', '{"statusCode":500}']) {
      const integration = await answering({ payload });
      expect(await invoke(integration, disconnectRequest(1000, ''))).toMatchObject({ ok: true, status: 200, text: '' });
    }
  });
});

describe('a result that is none', () => {
  it.each([
    '',
    'null',
    '"a string"',
    '[]',
    '{}',
    '{"statusCode":"200"}',
    '{"statusCode":200.5}',
    '{"statusCode":99}',
    '{"statusCode":600}',
    '{"statusCode":null}',
    '{"statusCode":200,"body":{}}',
    '{"statusCode":200,"body":7}',
    '{"statusCode":200,"body":"***","isBase64Encoded":true}',
    '{"statusCode":200,"body":"YQ=","isBase64Encoded":true}',
    '{"statusCode":200,"body":"x","isBase64Encoded":"true"}',
    '{"statusCode":200',
  ])('[LE-6] M10: %s is function_response_malformed, on $connect and for messages', async (payload) => {
    const integration = await answering({ payload });
    for (const request of [connectRequest(), message('{}')]) {
      expect(await invoke(integration, request)).toMatchObject({ ok: false, code: 'function_response_malformed' });
    }
  });

  it.each([
    '{"statusCode":401,"headers":[]}',
    '{"statusCode":200,"headers":"x"}',
    '{"statusCode":401,"headers":{"a":{}}}',
    '{"statusCode":401,"multiValueHeaders":{"a":[{}]}}',
  ])('[LE-6] %s is malformed where headers count', async (payload) => {
    const integration = await answering({ payload });
    expect(await invoke(integration, connectRequest())).toMatchObject({ code: 'function_response_malformed' });
    expect(await invoke(integration, message('{}'))).toMatchObject({ ok: true });
  });
});

describe('readProxyResult', () => {
  it('[LE-6] answers every result of a $connect with a status and clean headers, or calls it malformed', () => {
    const member = (names: fc.Arbitrary<string>) => fc.dictionary(names, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 });
    const result = fc.record(
      {
        statusCode: fc.oneof(fc.integer({ min: 50, max: 650 }), fc.jsonValue({ maxDepth: 1 })),
        headers: fc.oneof(member(fc.string()), member(fc.constantFrom('X-A', '__proto__')), fc.jsonValue()),
        multiValueHeaders: fc.oneof(member(fc.constantFrom('x-a', 'X-B')), fc.jsonValue()),
        body: fc.oneof(fc.base64String(), fc.string({ unit: 'binary' }), fc.jsonValue()),
        isBase64Encoded: fc.oneof(fc.boolean(), fc.jsonValue({ maxDepth: 0 })),
      },
      { requiredKeys: [] },
    );
    const property = fc.property(
      fc.oneof(
        result.map((each) => JSON.stringify(each)),
        fc.string(),
      ),
      (text) => {
        for (const request of [connectRequest(), message('{}'), disconnectRequest(1000, '')]) {
          const outcome = readProxyResult(Buffer.from(text), request, { hasRouteResponse: true, binaryFrames: false });
          if (!outcome.ok) {
            expect(outcome.code).toBe('function_response_malformed');
            continue;
          }
          expect(outcome.status).toBeGreaterThanOrEqual(100);
          expect(outcome.status).toBeLessThan(600);
          expect(Buffer.isBuffer(outcome.body)).toBe(true);
          for (const [name, value] of outcome.headers)
            expect(`${name}: ${value}`).toMatch(/^[!-~]+: [\t -~\x80-\xff]*$/);
        }
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  it('[LE-6] headers without bound are malformed', () => {
    const headers = Object.fromEntries(Array.from({ length: 4_000 }, (_, i) => [`x-${i}`, 'twenty characters ok']));
    const read = (each: object) =>
      readProxyResult(Buffer.from(JSON.stringify(each)), connectRequest(), {
        hasRouteResponse: true,
        binaryFrames: false,
      });
    expect(read({ statusCode: 401, headers })).toMatchObject({ code: 'function_response_malformed' });
    expect(read({ statusCode: 401, headers: { a: 'x'.repeat(60_000) } })).toMatchObject({ ok: true });
  });
});

describe('a call that fails', () => {
  it('[LE-6] [SL-4] what a function that throws has said, and the id of its invocation, are there for the execution log', async () => {
    const headers = { 'X-Amz-Function-Error': 'Unhandled', 'x-amzn-RequestId': 'b7e1' };
    const integration = await answering({ headers, payload: { errorMessage: 'boom' } });
    const outcome = await invoke(integration, message('{}'));
    expect(outcome).toMatchObject({ functionError: { errorMessage: 'boom', requestId: 'b7e1' } });
  });

  it('[LE-6] H4, M7: a function that throws is function_error, whatever its payload', async () => {
    for (const payload of ['{"errorMessage":"boom\\nand more","errorType":"Error"}', '{"statusCode":200}', 'no JSON']) {
      const integration = await answering({ headers: { 'X-Amz-Function-Error': 'Unhandled' }, payload });
      for (const request of [connectRequest(), message('{}'), disconnectRequest(1000, '')]) {
        const outcome = await invoke(integration, request);
        expect(outcome).toMatchObject({ ok: false, code: 'function_error' });
        // biome-ignore lint/suspicious/noControlCharactersInRegex: one line of a log
        expect(outcome.detail).not.toMatch(/[\x00-\x1f]/);
      }
    }
  });

  it.each([
    [404, 'ResourceNotFoundException'],
    [403, 'AccessDeniedException'],
    [429, 'TooManyRequestsException'],
    [502, 'InvalidRuntimeException'],
    [500, 'ServiceException'],
    [302, 'nothing'],
  ])('[LE-6] H6: an invocation answered %i is function_refused, with the reason for the log', async (status, type) => {
    const integration = await answering({
      status,
      headers: { 'x-amzn-ErrorType': type },
      payload: { Message: `because ${'x'.repeat(5_000)}` },
    });
    const outcome = await invoke(integration, connectRequest());
    expect(outcome).toMatchObject({ ok: false, code: 'function_refused', integrationStatus: status });
    expect(outcome.detail).toContain(`${status} ${type} because xx`);
    expect(outcome.detail?.length).toBeLessThan(400);
  });

  it('[LE-6] H5: no answer in time is integration_timeout, no server integration_unreachable', async () => {
    const silent = await backEnd({ respond: () => {} });
    const timedOut = lambda({ lambda: { endpoint: originOf(silent) } }, { timeoutInMillis: 60 });
    expect(await invoke(timedOut, connectRequest())).toMatchObject({ code: 'integration_timeout' });
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await new Promise((resolve) => server.close(resolve));
    const unreachable = lambda({ lambda: { endpoint: `http://127.0.0.1:${port}` } });
    expect(await invoke(unreachable, message('{}'))).toMatchObject({ code: 'integration_unreachable' });
  });

  it('[LE-6] a result over the bound for answers is refused', async () => {
    const integration = await answering({ payload: { statusCode: 200, body: 'x'.repeat(1_100_000) } });
    expect(await invoke(integration, message('{}'))).toMatchObject({ code: 'integration_response_too_large' });
  });
});

describe('AWS_PROXY', () => {
  it('[IN-4] [LE-7] waits for the result of one-way routes too', async () => {
    const api = await invokeApi();
    const integration = lambda({ lambda: { endpoint: originOf(api) } }, {}, { hasRouteResponse: false });
    await invoke(integration, message('{}'));
    expect(api.seen[0]?.headers['x-amz-invocation-type']).toBe('RequestResponse');
  });

  it.each([false, true])(
    '[IN-50] keeps connections to functions alive and shares them between routes (tls %s)',
    async (tls) => {
      const api = await invokeApi({}, tls);
      let sockets = 0;
      api.server.on('connection', () => sockets++);
      const calls = invoker({ lambda: { endpoint: originOf(api) }, ca: testCertificate });
      for (let i = 0; i < 5; i++) {
        const uri = functionUri(`f${i}`);
        const integration = calls.prepare(definition({ integrationType: 'AWS_PROXY', integrationUri: uri }), route);
        expect(await invoke(integration, message('{}'))).toMatchObject({ ok: true });
      }
      expect([sockets, api.seen.length]).toEqual([1, 5]);
    },
  );

  it('[IN-38] an observer sees the event and the result, and without one nothing changes', async () => {
    const api = await invokeApi({ payload: { statusCode: 200, body: 'r' } });
    const integration = lambda({ lambda: { endpoint: originOf(api) } });
    const seen: unknown[] = [];
    const observer = {
      sent: (uri: string, headers: readonly (readonly [string, string])[], body: Uint8Array) =>
        seen.push(uri, new Map(headers).get('X-Amz-Invocation-Type'), JSON.parse(Buffer.from(body).toString()).body),
      received: (status: number, _headers: unknown, body: Uint8Array) =>
        seen.push(status, Buffer.from(body).toString()),
    };
    expect(await invoke(integration, { ...message('{}'), observer })).toMatchObject({ text: 'r' });
    const uri = `${originOf(api)}/2015-03-31/functions/chat/invocations`;
    expect(seen).toEqual([uri, 'RequestResponse', '{}', 200, '{"statusCode":200,"body":"r"}']);
  });
});
