import assert from 'node:assert/strict';
import type { WebSocketClient } from '@sluice/testkit';
import type { Call } from './back-end/back-end.js';
import { type HandshakeOptions, newMarker, type Target } from './target.js';

/** Connects, sends one message and gives the one frame that answers it. */
export async function reply(
  target: Target,
  api: string,
  message: string | object,
  options: HandshakeOptions = {},
): Promise<string> {
  const client = await target.connect(api, options);
  client.send(message);
  return client.next();
}

/** The text of an error frame; fails with what came instead. */
export function errorText(frame: string): string {
  const [, text] = /^\{"message": "([^"]*)", "connectionId":"[^"]+", "requestId":"[^"]+"\}$/.exec(frame) ?? [];
  assert.notEqual(text, undefined, `no error frame came, but ${frame.slice(0, 200)}`);
  return text ?? '';
}

/** Sends one message with a marker; gives the call that the back end got for it, and the reply. */
export async function called(
  target: Target,
  api: string,
  message: object,
  options: HandshakeOptions = {},
): Promise<{ call: Call; frame: string; client: WebSocketClient }> {
  const marker = newMarker();
  const client = await target.connect(api, options);
  client.send({ ...message, marker });
  const frame = await client.next();
  return { call: await callWith(target, marker), frame, client };
}

/** The first call whose body or address holds a marker. */
export function callWith(target: Target, marker: string): Promise<Call> {
  return target.backEnd.seen(`a call with ${marker}`, ({ body, url }) => body.includes(marker) || url.includes(marker));
}

/** A handshake with a marker in its query, and the call that its integration made; an authorizer's is another. */
export async function connected(
  target: Target,
  api: string,
  { query, ...options }: HandshakeOptions = {},
): Promise<{ client: WebSocketClient; call: Call }> {
  const marker = newMarker();
  const pairs: [string, string][] = [...new URLSearchParams(query), ['marker', marker]];
  const client = await target.connect(api, { ...options, query: pairs });
  const call = await target.backEnd.seen(
    'the handshake',
    ({ body, url, event }) => event?.type !== 'REQUEST' && (body.includes(marker) || url.includes(marker)),
  );
  return { client, call };
}

/** All values of a header, in their order. */
export function headerValues(call: Call, name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index < call.rawHeaders.length; index += 2) {
    if (call.rawHeaders[index]?.toLowerCase() === name) values.push(call.rawHeaders[index + 1] ?? '');
  }
  return values;
}

/** How many calls hold a marker, after `quietMs` in which more could have come. */
export async function countOf(target: Target, marker: string, quietMs?: number): Promise<number> {
  const calls = await target.backEnd.settled(({ body, url }) => body.includes(marker) || url.includes(marker), quietMs);
  return calls.length;
}
