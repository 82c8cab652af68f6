import type { WebSocketClient } from '@sluice/testkit';
import type { Call, Event } from './back-end/back-end.js';
import { type HandshakeOptions, newMarker, type Target } from './target.js';

/** Options of a handshake whose calls can be found again, by a header: a query would be seen in the event. */
export function marked<O extends HandshakeOptions>(options: O): { options: O; marker: string } {
  const marker = newMarker();
  return { marker, options: { ...options, headers: { ...options.headers, 'X-Marker': marker } } };
}

/** Whether this is the call of a function or address with an event that belongs to the marked handshake. */
export function isOf(marker: string, kind: 'integration' | 'authorizer'): (call: Call) => boolean {
  return ({ event }) =>
    event?.headers?.['X-Marker'] === marker && (event.type === 'REQUEST') === (kind === 'authorizer');
}

export interface Connected {
  client: WebSocketClient;
  /** The CONNECT event. */
  event: Event;
  call: Call;
  connectionId: string;
  /** For `isOf`. */
  marker: string;
}

/** Connects to an API with a function behind `$connect`, and tells what that was called with. */
export async function connected(target: Target, api: string, options: HandshakeOptions = {}): Promise<Connected> {
  const { marker, options: all } = marked(options);
  const client = await target.connect(api, all);
  const call = await target.backEnd.seen('the CONNECT event', isOf(marker, 'integration'));
  return { client, call, event: call.event, connectionId: call.event.requestContext.connectionId, marker };
}

/** The DISCONNECT event of a connection. */
export async function disconnectOf(target: Target, connectionId: string): Promise<Event> {
  const call = await target.backEnd.seen(
    'the DISCONNECT event',
    ({ event }) =>
      event?.requestContext?.eventType === 'DISCONNECT' && event.requestContext.connectionId === connectionId,
  );
  return call.event;
}
