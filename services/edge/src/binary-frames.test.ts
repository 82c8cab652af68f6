import { closes } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';
import { apiDefinition, endAfterEach, openClient, startGateway, until } from './edge.fixture.js';

endAfterEach();

const bytes = Buffer.from([0x61, 0xff, 0x00, 0xc3]);
const replaced = 'a\ufffd\0\ufffd';

async function connected(binaryFrames: boolean) {
  const gateway = await startGateway({ connect: false, binaryFrames });
  const client = await openClient(gateway.url);
  const received: [Buffer, boolean][] = [];
  client.socket.on('message', (data: Buffer, isBinary) => received.push([data, isBinary]));
  const connectionId = await until('the id', () => [...gateway.store.registered][0]);
  return { gateway, client, connectionId, received };
}

describe('an API that takes binary frames', () => {
  it('[CN-74] gets them byte for byte, marked; text stays text', async () => {
    const { gateway, client } = await connected(true);
    client.socket.send(bytes);
    client.socket.send('{"action":"x"}');
    client.socket.send(Buffer.alloc(0));
    await until('three messages', () => gateway.messages().length === 3);
    const seen = gateway.messages().map(({ body, binary }) => [Buffer.from(body).toString('hex'), binary]);
    expect(seen).toEqual([
      [bytes.toString('hex'), true],
      [Buffer.from('{"action":"x"}').toString('hex'), false],
      ['', true],
    ]);
  });

  it('[CN-74] bounds them as text', async () => {
    const { client } = await connected(true);
    client.socket.send(Buffer.alloc(131_073));
    expect(await client.closed).toEqual(closes.tooBig);
  });

  it('[CN-74] posts what is not UTF-8 as a binary frame, the rest as text, unless the caller says which', async () => {
    const { gateway, connectionId, received } = await connected(true);
    const text = Buffer.from('grüße');
    const posts: [Buffer, boolean | undefined][] = [
      [bytes, undefined],
      [text, undefined],
      [text, true],
      [bytes, false],
      [Buffer.alloc(0), undefined],
      [Buffer.alloc(0), true],
    ];
    for (const [body, binary] of posts) {
      const asked = { kind: 'POST', connectionId, body, ...(binary === undefined ? {} : { binary }) } as const;
      expect((await gateway.ask(asked)).result).toBe('ok');
    }
    await until('all', () => received.length === posts.length);
    expect(received.map(([data, isBinary]) => [data.toString('hex'), isBinary])).toEqual([
      [bytes.toString('hex'), true],
      [text.toString('hex'), false],
      [text.toString('hex'), true],
      [Buffer.from(replaced).toString('hex'), false],
      ['', false],
      ['', true],
    ]);
  });

  it('[CN-74] sends replies by the same rule', async () => {
    const { gateway, connectionId, received } = await connected(true);
    gateway.tell({ kind: 'REPLY', connectionId, body: Buffer.from('text'), binary: true });
    gateway.tell({ kind: 'REPLY', connectionId, body: bytes });
    gateway.tell({ kind: 'REPLY', connectionId, body: Buffer.from('text') });
    await until('all', () => received.length === 3);
    expect(received.map(([, isBinary]) => isBinary)).toEqual([true, true, false]);
    expect(received[1]?.[0]).toEqual(bytes);
  });

  it('[CN-74] follows the definition: frames close with 1003 once it takes none', async () => {
    const { gateway, client } = await connected(true);
    client.socket.send(bytes);
    await until('the message', () => gateway.messages().length === 1);
    gateway.definitions.replace([apiDefinition({ connect: false })]);
    client.socket.send(bytes);
    expect(await client.closed).toEqual(closes.binaryNotSupported);
  });
});

describe('any other API', () => {
  it('[CN-21] [CB-4] sends text only, whatever it is asked for', async () => {
    const { gateway, connectionId, received } = await connected(false);
    await gateway.ask({ kind: 'POST', connectionId, body: bytes, binary: true });
    gateway.tell({ kind: 'REPLY', connectionId, body: bytes, binary: true });
    await until('both', () => received.length === 2);
    expect(received.map(([data, isBinary]) => [data.toString(), isBinary])).toEqual([
      [replaced, false],
      [replaced, false],
    ]);
  });
});
