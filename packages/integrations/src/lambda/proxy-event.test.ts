import { type ConnectionContext, encodeConnectionContext } from '@sluice/contracts';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { closeAll, connectRequest, disconnectRequest, invoke, message, route } from '../back-end.fixture.js';
import type { IntegrationRequest, IntegrationRoute } from '../index.js';
import { ConnectionTextCache } from './event-context.js';
import { invokeApi, lambda, originOf } from './invoke-api.fixture.js';
import { withBase64Body, withEscapedBody } from './json-body.js';
import { ProxyEvents } from './proxy-event.js';

afterEach(closeAll);

const context: ConnectionContext = {
  connectedAtMs: 1_689_794_896_145,
  sourceIp: '192.0.2.1',
  userAgent: 'Mozilla/5.0 (X11) ü',
  domainName: 'chat.example.com',
  forwardedPort: 443,
  forwardedProto: 'https',
};
const traceparent = '00-64b8395042de8e247b4c2b43091ef67c-b7ad6b7169203331-01';
const traceId = 'Root=1-64b83950-42de8e247b4c2b43091ef67c';

function of(request: IntegrationRequest, changes: Partial<ConnectionContext> = {}): IntegrationRequest {
  return { ...request, traceparent, connectionContext: encodeConnectionContext({ ...context, ...changes }) };
}

/** The event's text as a function's server got it, and the headers of the call. */
async function sent(request: IntegrationRequest, routeChanges: Partial<IntegrationRoute> = {}) {
  const api = await invokeApi();
  const integration = lambda({ lambda: { endpoint: originOf(api) } }, {}, routeChanges);
  expect(await invoke(integration, request)).toMatchObject({ ok: true, status: 200 });
  const [seen] = api.seen;
  return { event: seen?.body ?? '', headers: seen?.headers ?? {} };
}

const ids =
  '"requestId":"Qyi3UG41tjMFlUg=","domainName":"chat.example.com","connectionId":"gbgHN0-zjQAYKEjhgA==","apiId":"chat"';
const identity = '"identity":{"userAgent":"Mozilla/5.0 (X11) ü","sourceIp":"192.0.2.1"}';
const times = '"connectedAt":1689794896145,"requestTimeEpoch":1689794896162';

describe('the CONNECT event', () => {
  it('[LE-1] H15: has all members in the order of the service, headers and query in single and multi form', async () => {
    const handshake: [string, string][] = [
      ['host', 'chat.example.com'],
      ['connection', 'Upgrade'],
      ['upgrade', 'websocket'],
      ['sec-websocket-key', 'am5ubWVpbHd3bmNyYXF0ag=='],
      ['sec-websocket-version', '13'],
      ['cookie', 'a=1'],
      ['x-mine', 'first'],
      ['x-mine', 'last'],
      ['x-amzn-trace-id', 'Root=1-forged'],
      ['x-forwarded-for', '203.0.113.9'],
    ];
    const request = of(connectRequest(handshake, 'token=a%20b&token=c&__proto__=x&empty='));
    const { event, headers } = await sent(request, {
      routeKey: '$connect',
      stageVariables: { env: 'dev' },
      headerSpellings: new Map([['x-mine', 'X-MINE']]),
    });
    expect(event).toBe(
      '{"headers":{"Cookie":"a=1","Host":"chat.example.com","Sec-WebSocket-Key":"am5ubWVpbHd3bmNyYXF0ag==",' +
        `"Sec-WebSocket-Version":"13","X-Amzn-Trace-Id":"${traceId}","X-Forwarded-For":"192.0.2.1","X-Forwarded-Port":"443",` +
        '"X-Forwarded-Proto":"https","X-MINE":"last"},' +
        '"multiValueHeaders":{"Cookie":["a=1"],"Host":["chat.example.com"],"Sec-WebSocket-Key":["am5ubWVpbHd3bmNyYXF0ag=="],' +
        `"Sec-WebSocket-Version":["13"],"X-Amzn-Trace-Id":["${traceId}"],"X-Forwarded-For":["192.0.2.1"],"X-Forwarded-Port":["443"],` +
        '"X-Forwarded-Proto":["https"],"X-MINE":["first","last"]},' +
        '"queryStringParameters":{"token":"c","__proto__":"x","empty":""},' +
        '"multiValueQueryStringParameters":{"token":["a b","c"],"__proto__":["x"],"empty":[""]},' +
        '"stageVariables":{"env":"dev"},' +
        '"requestContext":{"routeKey":"$connect","eventType":"CONNECT","extendedRequestId":"Qyi3UG41tjMFlUg=",' +
        `"requestTime":"19/Jul/2023:19:28:16 +0000","messageDirection":"IN","stage":"dev",${times},${identity},${ids}},` +
        '"isBase64Encoded":false}',
    );
    // The call belongs to the same trace as the event it takes along.
    expect(headers['x-amzn-trace-id']).toBe(traceId);
    expect(headers['traceparent']).toBe(traceparent);
  });

  it('[LE-1] H16: leaves out query, stage variables and user agent where there are none; traces without a traceparent', async () => {
    const { event, headers } = await sent({ ...of(connectRequest(), { userAgent: '' }), traceparent: undefined });
    const made = JSON.parse(event) as { headers: Record<string, string>; requestContext: { identity: unknown } };
    expect(Object.keys(made)).toEqual(['headers', 'multiValueHeaders', 'requestContext', 'isBase64Encoded']);
    expect(made.requestContext.identity).toEqual({ sourceIp: '192.0.2.1' });
    expect(made.headers['X-Amzn-Trace-Id']).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/);
    expect(made.headers['X-Amzn-Trace-Id']).toBe(headers['x-amzn-trace-id']);
  });

  it('[LE-4] A5: has what the authorizer said, with its latency; identity with a signature and an API key', async () => {
    const request = of(connectRequest(), {
      authorizer: { tenant: 'acme', principalId: 'user-1', level: '3' },
      identity: { accountId: '123456789012', userArn: 'arn:aws:iam::123456789012:user/u', apiKeyId: 'k1' },
    });
    const { event } = await sent({ ...request, authorizerLatencyMs: 42 } as IntegrationRequest);
    expect(event).toContain(
      '"requestContext":{"routeKey":"sendMessage","authorizer":{"principalId":"user-1","integrationLatency":42,"tenant":"acme","level":"3"},"eventType"',
    );
    expect(event).toContain(
      '"identity":{"userArn":"arn:aws:iam::123456789012:user/u","userAgent":"Mozilla/5.0 (X11) ü","accountId":"123456789012","sourceIp":"192.0.2.1","apiKeyId":"k1"},',
    );
  });
});

const messageContext =
  '"requestContext":{"routeKey":"sendMessage","messageId":"Qyi3UG41tjMFlUk=","eventType":"MESSAGE","extendedRequestId":"Qyi3UG41tjMFlUg=",' +
  `"requestTime":"19/Jul/2023:19:28:16 +0000","messageDirection":"IN","stage":"dev",${times},${identity},${ids}}`;

describe('the MESSAGE event', () => {
  it('[LE-2] M1: has the exact text and no headers', async () => {
    const text = '{"action":"sendMessage",\t"data":"ü \\" \u0001 \u2028 🚀"}\r\n';
    const { event } = await sent(of(message(text)));
    expect(event).toBe(
      `{${messageContext},"body":"{\\"action\\":\\"sendMessage\\",\\t\\"data\\":\\"ü \\\\\\" \\u0001 \u2028 🚀\\"}\\r\\n","isBase64Encoded":false}`,
    );
    expect((JSON.parse(event) as { body: string }).body).toBe(text);
  });

  it('[LE-2] has stage variables in front, and an empty text as an empty body', async () => {
    const { event } = await sent(of(message('')), { stageVariables: { env: 'dev', __proto__x: '"' } });
    expect(event).toBe(
      `{"stageVariables":{"env":"dev","__proto__x":"\\""},${messageContext},"body":"","isBase64Encoded":false}`,
    );
  });

  it('[LE-4] has the authorizer of the connection without integrationLatency', async () => {
    const authorizer = { principalId: 'user-1', tenant: 'acme' };
    const { event } = await sent(of(message('{}'), { authorizer }));
    const { requestContext } = JSON.parse(event) as { requestContext: { authorizer: unknown } };
    expect(requestContext.authorizer).toEqual(authorizer);
    const without = await sent(of(message('{}'), { authorizer: { tenant: 'acme' } }));
    expect(without.event).toContain('"authorizer":{"tenant":"acme"},"messageId"');
  });

  it('[LE-8] has a binary frame as base64', async () => {
    const bytes = Buffer.from([0, 255, 34, 92]);
    const request = { ...of(message('')), body: bytes, binary: true } as IntegrationRequest;
    const { event } = await sent(request, { binaryFrames: true });
    expect(event).toBe(`{${messageContext},"body":"AP8iXA==","isBase64Encoded":true}`);
  });

  it('[LE-2] is JSON with the exact text whatever text, route and connection', () => {
    const connections = new ConnectionTextCache();
    const property = fc.property(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary' }),
      (body, routeKey, userAgent) => {
        const wellFormed = Buffer.from(body).toString();
        const events = new ProxyEvents({ ...route, routeKey, stage: routeKey, apiId: routeKey }, connections);
        const event = JSON.parse(events.render(of(message(body), { userAgent }), traceparent).toString()) as {
          body: string;
          requestContext: { routeKey: string; apiId: string; identity: { userAgent?: string } };
        };
        expect(event.body).toBe(wellFormed);
        expect(event.requestContext.routeKey).toBe(routeKey);
        expect(event.requestContext.apiId).toBe(routeKey);
        expect(event.requestContext.identity.userAgent ?? '').toBe(userAgent);
      },
    );
    fc.assert(property, { numRuns: 300 });
  });

  it('[LE-2] writes ids that are none without leaving their quotes', () => {
    const request = { ...of(message('{}')), requestId: 'a","x":"', connectionId: '\\' } as IntegrationRequest;
    const events = new ProxyEvents(route, new ConnectionTextCache());
    const { requestContext } = JSON.parse(events.render(request, traceparent).toString()) as {
      requestContext: Record<string, unknown>;
    };
    expect(requestContext).toMatchObject({ requestId: 'a","x":"', extendedRequestId: 'a","x":"', connectionId: '\\' });
    expect(requestContext).not.toHaveProperty('x');
  });
});

describe('the DISCONNECT event', () => {
  it('[LE-3] D1: has code, reason and the four headers', async () => {
    const { event } = await sent(of(disconnectRequest(1005, 'Client-side close frame status not set')), {
      routeKey: '$disconnect',
      stageVariables: { env: 'dev' },
    });
    expect(event).toBe(
      '{"headers":{"Host":"chat.example.com","x-api-key":"","X-Forwarded-For":"","x-restapi":""},' +
        '"multiValueHeaders":{"Host":["chat.example.com"],"x-api-key":[""],"X-Forwarded-For":[""],"x-restapi":[""]},' +
        '"stageVariables":{"env":"dev"},' +
        '"requestContext":{"routeKey":"$disconnect","disconnectStatusCode":1005,"eventType":"DISCONNECT",' +
        '"extendedRequestId":"Qyi3UG41tjMFlUg=","requestTime":"19/Jul/2023:19:28:16 +0000","messageDirection":"IN",' +
        `"disconnectReason":"Client-side close frame status not set","stage":"dev",${times},${identity},${ids}},` +
        '"isBase64Encoded":false}',
    );
  });

  it('[LE-3] D2: has an empty reason where the closing side gave none', async () => {
    const { event } = await sent(of(disconnectRequest(1001, '')));
    expect(event).toContain('"disconnectReason":"",');
    expect(event).not.toContain('stageVariables');
  });
});

describe('ConnectionTextCache', () => {
  it('[LE-2] keeps the texts of connections in use and no more than twice its bound', () => {
    const cache = new ConnectionTextCache(10);
    const contextOf = (n: number) => encodeConnectionContext({ ...context, connectedAtMs: n });
    const used = cache.of(contextOf(0));
    for (let n = 1; n < 1_000; n++) {
      cache.of(contextOf(n));
      if (n % 5 === 0) expect(cache.of(contextOf(0))).toBe(used);
      expect(cache.size).toBeLessThanOrEqual(20);
    }
    expect(cache.of(contextOf(7)).connectedAt).toBe('"connectedAt":7,');
  });
});

describe('a body in JSON', () => {
  it('[LE-2] escapes every byte that JSON wants escaped as JSON.stringify does', () => {
    for (let code = 0; code < 128; code++) {
      const text = `a${String.fromCharCode(code)}z`;
      expect(withEscapedBody('"', Buffer.from(text), '"').toString()).toBe(JSON.stringify(text));
    }
    expect(withBase64Body('"ü', Buffer.from('ü').subarray(1), '"').toString()).toBe('"üvA=="');
  });
});
