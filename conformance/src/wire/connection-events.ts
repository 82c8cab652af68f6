import type { WebSocketClient } from '@sluice/testkit';
import type { Event } from '../back-end/back-end.js';
import type { Target } from '../target.js';

/** The event of a message that the client sends now: how a rule learns the connection id and context of a connection. */
export async function echoed(client: WebSocketClient, message: object = {}): Promise<Event> {
  client.send({ ...message, script: { echo: true } });
  return JSON.parse(await client.next());
}

/** `requestContext` of the `$disconnect` event of a connection. */
export async function disconnectOf(target: Target, connectionId: string, timeoutMs?: number): Promise<Event> {
  const call = await target.backEnd.seen(
    `the DISCONNECT event of ${connectionId}`,
    ({ event }) => isDisconnect(event) && event.requestContext.connectionId === connectionId,
    timeoutMs,
  );
  return call.event.requestContext;
}

/** Code and reason as a `$disconnect` names them. */
export async function endOf(
  target: Target,
  connectionId: string,
  timeoutMs?: number,
): Promise<{ code: number; reason: string }> {
  const context = await disconnectOf(target, connectionId, timeoutMs);
  return { code: context.disconnectStatusCode, reason: context.disconnectReason };
}

/** How many `$disconnect` events of a connection have come once `quietMs` have passed. */
export async function disconnectsOf(target: Target, connectionId: string, quietMs = 700): Promise<number> {
  const calls = await target.backEnd.settled(
    ({ event }) => isDisconnect(event) && event.requestContext.connectionId === connectionId,
    quietMs,
  );
  return calls.length;
}

/** `requestContext` of the CONNECT event that carries this marker in its query. */
export async function connectOf(target: Target, marker: string): Promise<Event> {
  const call = await target.backEnd.seen(
    `the CONNECT event of ${marker}`,
    ({ event }) => event?.requestContext?.eventType === 'CONNECT' && event.queryStringParameters?.marker === marker,
  );
  return call.event.requestContext;
}

const isDisconnect = (event: Event) => event?.requestContext?.eventType === 'DISCONNECT';
