import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { newConnectionId } from '@sluice/contracts';
import { type BackEnd, connectClient, startBackEnd, testKey, type WebSocketClient } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
// @ts-expect-error: a script, without types
import { pythonForTests } from '../scripts/python-tools.mjs';
import { chatConfig } from './chat-config.js';
import { type Gateway, gatewayKinds } from './gateway-kinds.js';

/** Runs one of the clients with an order on its standard input; its answer is one JSON value. */
async function python<T>(script: 'back_end' | 'client', order: object): Promise<T> {
  const file = fileURLToPath(new URL(`clients/${script}.py`, import.meta.url));
  const child = spawn(pythonForTests(), [file], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(JSON.stringify(order));
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  try {
    return JSON.parse(output) as T;
  } catch {
    throw new Error(`${script}.py printed ${JSON.stringify(output)}\n${errors}`);
  }
}

interface CallResult {
  status: number;
  error?: string;
  code?: string;
  answer?: { Identity?: { SourceIp?: string }; ConnectedAt?: string };
}

interface SignedResult {
  subprotocol?: string | null;
  received?: string[];
  status?: number;
  body?: string;
}

describe.each(gatewayKinds)('Python clients (%s)', (_kind, start) => {
  let backEnd: BackEnd;
  let gateway: Gateway;
  let client: WebSocketClient;
  let connectionId: string;

  beforeAll(async () => {
    backEnd = await startBackEnd();
    const { chat } = chatConfig(backEnd.url).apis;
    const connect = { integration: 'backend', authorizationType: 'AWS_IAM' };
    gateway = await start({ apis: { chat, iam: { ...chat, routes: { ...chat.routes, $connect: connect } } } });
    client = await connectClient(`${gateway.webSocketUrl}/chat/dev`);
    connectionId = (await backEnd.seen('$connect', (request) => request.eventType === 'CONNECT')).connectionId;
  });
  afterAll(async () => {
    client?.terminate();
    await gateway?.stop();
    await backEnd?.stop();
  });

  const call = (calls: object[], key = testKey) =>
    python<CallResult[]>('back_end', { endpoint: `${gateway.managementUrl}/chat/dev`, ...key, calls });

  it('[CB-1] boto3 posts to a connection, looks at it and deletes it; its errors are its own classes', async () => {
    const results = await call([
      { operation: 'post_to_connection', connectionId, data: 'from Python ✓' },
      { operation: 'get_connection', connectionId },
      { operation: 'post_to_connection', connectionId, bytes: 131_073 },
      { operation: 'post_to_connection', connectionId: newConnectionId(0), data: 'x' },
      { operation: 'post_to_connection', connectionId: 'abc', data: 'x' },
      { operation: 'delete_connection', connectionId },
      { operation: 'get_connection', connectionId },
    ]);
    expect(await client.next()).toBe('from Python ✓');
    expect(await client.closed).toEqual({ code: 1000, reason: 'Connection Closed Normally' });
    expect(results.map(({ status, error }) => error ?? status)).toEqual([
      200,
      200,
      'PayloadTooLargeException',
      'GoneException',
      'ClientError',
      204,
      'GoneException',
    ]);
    expect(results[1]?.answer?.Identity?.SourceIp).toBe('127.0.0.1');
  });

  it('[CB-14] boto3 with a wrong secret is refused', async () => {
    const order = [{ operation: 'get_connection', connectionId }];
    const [result] = await call(order, { ...testKey, secretAccessKey: 'wrong' });
    expect(result).toMatchObject({ status: 403, error: 'ClientError' });
  });

  it('[CN-12] websockets sends and receives, and gets the sub-protocol that the back end chose', async () => {
    backEnd.answer((request) =>
      request.eventType === 'CONNECT' ? { headers: { 'Sec-WebSocket-Protocol': 'v2' } } : { body: request.body },
    );
    const message = JSON.stringify({ action: 'echo', text: 'grüße' });
    const url = `${gateway.webSocketUrl}/chat/dev`;
    const answer = await python('client', { url, subprotocols: ['v1', 'v2'], send: [message] });
    expect(answer).toEqual({ subprotocol: 'v2', received: [message] });
  });
  const signed = (sign: 'query' | 'headers', path: string, more: object = {}) =>
    python<SignedResult>('client', {
      url: `${gateway.webSocketUrl}${path}`,
      sign,
      ...testKey,
      send: [JSON.stringify({ action: 'echo' })],
      ...more,
    });

  it.each(['query', 'headers'] as const)('[AU-6] a handshake that botocore signs in its %s is let in', async (sign) => {
    backEnd.answer((request) => ({ body: request.body }));
    for (const path of ['/iam/dev', '/iam/dev?room=a%20b&room=%C3%BC&empty=']) {
      expect(await signed(sign, path)).toEqual({ subprotocol: null, received: ['{"action":"echo"}'] });
    }
  });

  it.each(['query', 'headers'] as const)(
    '[AU-6] with a wrong secret, an unknown key or for another region it is not: %s',
    async (sign) => {
      const connects = backEnd.of('CONNECT').length;
      for (const wrong of [{ secretAccessKey: 'wrong' }, { accessKeyId: 'AKIDNOBODY' }, { region: 'eu-west-1' }]) {
        const refused = await signed(sign, '/iam/dev', wrong);
        expect([wrong, refused.status]).toEqual([wrong, 403]);
        expect(refused.body).not.toContain(testKey.secretAccessKey);
      }
      expect(backEnd.of('CONNECT').length).toBe(connects);
    },
  );
});
