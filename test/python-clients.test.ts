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

describe.each(gatewayKinds)('Python clients (%s)', (_kind, start) => {
  let backEnd: BackEnd;
  let gateway: Gateway;
  let client: WebSocketClient;
  let connectionId: string;

  beforeAll(async () => {
    backEnd = await startBackEnd();
    gateway = await start(chatConfig(backEnd.url));
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
});
