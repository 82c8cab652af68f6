import {
  type BackEnd,
  connectClient,
  type GatewayProcess,
  refusedHandshake,
  startBackEnd,
  startGatewayProcess,
  waitFor,
} from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatConfig } from './chat-config.js';

const bytes = Buffer.from([0xff, 0x00, 0xc3, 0x28]);

describe('what sluice.yaml adds to an edge', () => {
  let backEnd: BackEnd;
  let gateway: GatewayProcess;

  beforeAll(async () => {
    backEnd = await startBackEnd();
    const config = chatConfig(backEnd.url, {
      api: {
        binaryFrames: true,
        limits: { messageBytesMax: 200_000, idleTimeoutMs: 1_500 },
        stages: { dev: {}, web: { allowedOrigins: ['https://*.example.com'] } },
      },
      root: { edge: { trustedProxies: ['127.0.0.0/8'] } },
    });
    gateway = await startGatewayProcess({ role: 'start', config });
  });
  afterAll(async () => {
    await gateway?.kill();
    await backEnd?.stop();
  });

  const urlOf = (stage: string) => `ws://127.0.0.1:${gateway.port}/chat/${stage}`;
  const newestId = () => backEnd.of('CONNECT').at(-1)?.connectionId as string;
  const management = (id: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${gateway.port}/chat/dev/@connections/${encodeURIComponent(id)}`, init);

  it('[CN-74] binary frames go in, and posts come out as the bytes they are, or as the caller says', async () => {
    const client = await connectClient(urlOf('dev'));
    const received: [string, boolean][] = [];
    client.socket.on('message', (data: Buffer, isBinary) => received.push([data.toString('hex'), isBinary]));
    const id = newestId();
    const calls = backEnd.of('MESSAGE').length;
    client.send(bytes);
    await waitFor('the message at the back end', () => backEnd.of('MESSAGE').length > calls);
    const type = { 'content-type': 'application/octet-stream' };
    for (const [body, headers] of [
      [bytes, type],
      [Buffer.from('text'), type],
      [Buffer.from('text'), { ...type, 'x-sluice-frame': 'binary' }],
    ] as const) {
      expect((await management(id, { method: 'POST', body, headers })).status).toBe(200);
    }
    const text = Buffer.from('text').toString('hex');
    const posted: [string, boolean][] = [
      [bytes.toString('hex'), true],
      [text, false],
      [text, true],
    ];
    await waitFor('all posts', () => posted.every((post) => received.some((each) => String(each) === String(post))));
    await client.close();
  });

  it('[QU-1] [QU-4] an API has limits of its own', async () => {
    const client = await connectClient(urlOf('dev'));
    client.send({ action: 'echo', say: 'x'.repeat(199_000) });
    expect((await client.next()).length).toBeGreaterThan(199_000);
    expect(await client.closed).toEqual({ code: 1001, reason: 'Going away' });
    const other = await connectClient(urlOf('dev'));
    other.send('x'.repeat(200_001));
    expect((await other.closed).code).toBe(1009);
  });

  it('[CN-72] pages of other origins stay out of a stage that lists its own', async () => {
    expect((await refusedHandshake(urlOf('web'), { origin: 'https://example.org' })).status).toBe(403);
    for (const options of [{ origin: 'https://app.example.com' }, {}]) {
      const client = await connectClient(urlOf('web'), options);
      await client.close();
    }
    (await connectClient(urlOf('dev'), { origin: 'https://example.org' })).terminate();
  });

  it('[CN-73] a trusted proxy says who the client is', async () => {
    const headers = { 'x-forwarded-for': '198.51.100.1, 203.0.113.9' };
    const client = await connectClient(urlOf('dev'), { headers });
    const described = (await (await management(newestId())).json()) as { identity: { sourceIp: string } };
    expect(described.identity.sourceIp).toBe('203.0.113.9');
    await client.close();
  });
});
