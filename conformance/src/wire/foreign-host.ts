import { request } from 'node:http';
import { request as requestTls } from 'node:https';
import type { WebSocketClient } from '@sluice/testkit';
import { refusedHandshake } from '@sluice/testkit';
import type { Answer, HandshakeOptions, Target } from '../target.js';
import { requireOneAddress } from './raw-connection.js';

/** An address under any host name: the request goes to the gateway's own, with this `Host`. */
export interface Place {
  host?: string;
  /** With the slash at its head, without the query. */
  path: string;
}

function socketUrl(target: Target, { path }: Place, { query }: HandshakeOptions = {}): string {
  const text = new URLSearchParams(query).toString();
  return `${target.options.address}${path}${text === '' ? '' : `?${text}`}`;
}

const hostHeader = ({ host }: Place) => (host === undefined ? {} : { headers: { Host: host } });

/** Connects to a place; closed behind the rule. */
export function connectAt(target: Target, place: Place, options: HandshakeOptions = {}): Promise<WebSocketClient> {
  requireOneAddress(target);
  return target.open(socketUrl(target, place, options), hostHeader(place));
}

/** Status and body of a handshake that must fail. */
export async function refusedAt(target: Target, place: Place): Promise<{ status: number; body: string }> {
  requireOneAddress(target);
  const { status, body } = await refusedHandshake(socketUrl(target, place), hostHeader(place));
  return { status, body };
}

/** A signed request to a place of `@connections`; where `onSocketAddress`, at the address of the sockets. */
export async function manageAt(
  target: Target,
  method: string,
  place: Place,
  { body, onSocketAddress = false }: { body?: string; onSocketAddress?: boolean } = {},
): Promise<Answer> {
  requireOneAddress(target);
  const { address, management = address } = target.options;
  const base = new URL((onSocketAddress ? address : management).replace(/^ws/, 'http'));
  const host = place.host ?? base.host;
  const headers = await target.sign(method, new URL(`${base.protocol}//${host}${place.path}`), body);
  const { hostname, port } = base;
  const send = base.protocol === 'https:' ? requestTls : request;
  return new Promise((resolve, reject) => {
    const outgoing = send(
      { hostname, port, method, path: place.path, headers: { ...headers, host } },
      async (response) => {
        let text = '';
        for await (const chunk of response) text += chunk;
        const { statusCode = 0, headers: received } = response;
        const named = Object.entries(received).map(([name, value]) => [name, String(value)] as [string, string]);
        resolve({ status: statusCode, headers: new Headers(named), body: text });
      },
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
