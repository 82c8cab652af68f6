import { type ApiLimits, type Close, type ConnectionId, closes, limits } from '@sluice/contracts';
import type { Socket } from './socket.js';
import type { StageState } from './stage-state.js';
import type { Timed } from './timing-wheel.js';

/**
 * One connection, from its 101 to its end. Before that it is a held upgrade (`held-upgrade.ts`): callbacks must not find it.
 *
 *     opening ──101──► open ──close decided──► draining ──socket closed──► closed
 *        │                └────────client closes, TCP lost────────────────►
 *        └─ refused, aborted, timed out: the connection never existed
 *
 * One flat object per connection, no closures, timers or buffers: at 15,000 idle sockets every 64 bytes here are a megabyte.
 * The functions below decide; `lifetime.ts`, `inbound.ts` and `outbound.ts` act.
 */
export interface Connection extends Timed {
  readonly kind: 'connection';
  state: 'open' | 'draining' | 'closed';
  readonly id: ConnectionId;
  readonly stage: StageState;
  /** JSON text of `ConnectionContext`, as envelopes carry it. A RENEW replaces it. */
  context: string;
  /** Set at the 101 and valid until `closed`. */
  socket: Socket;
  /** Traceparent of the handshake, where it was traced: messages link to it. */
  readonly traceparent: string | undefined;
  /** Whether the store has confirmed this connection: from then on a survivor would send its `$disconnect`. */
  registered: boolean;
  /** Why we are closing it; unset while the client may still be the first. */
  closing: Close | undefined;
  /** All times are of `monotonicMs`; 0 stands for never. */
  readonly openedAtMs: number;
  /** When its life is over, jitter taken off. */
  readonly endsAtMs: number;
  /** When the authorization that let it in expires, where that is within its life. */
  authorizationEndsAtMs: number;
  /** Client data, client ping or successful delivery: what the idle timer counts from. */
  lastActiveAtMs: number;
  /** Any frame of the client, pong included. */
  lastHeardAtMs: number;
  /** The ping that has not been answered by any frame yet. */
  pingedAtMs: number;
  /** Whether the kernel had not taken everything when we last looked; while false, a write need not ask. */
  queued: boolean;
  /** Since when more than the soft limit is queued. */
  slowSinceMs: number;
  /** Places of its first and last command in the inbox batch at hand, -1 between batches. */
  firstCommand: number;
  lastCommand: number;
}

/** Jitter only ever shortens: the model service's limit is a limit. `random` is 0 to 1. */
export function endOfLife(nowMs: number, apiLimits: ApiLimits, random: number): number {
  const { connectionDurationMs: durationMs, connectionDurationJitterPercent: jitterPercent } = apiLimits;
  if (durationMs === 0) return 0;
  return nowMs + Math.round(durationMs * (1 - (jitterPercent / 100) * random));
}

export type DueAction = { kind: 'close'; close: Close } | { kind: 'ping' } | { kind: 'none' };

const none: DueAction = { kind: 'none' };
const ping: DueAction = { kind: 'ping' };
const goAway: DueAction = { kind: 'close', close: closes.goingAway };
const expired: DueAction = { kind: 'close', close: closes.authorizationExpired };
const vanished: DueAction = { kind: 'close', close: closes.abnormal };
const tooSlow: DueAction = { kind: 'close', close: closes.slowConsumer };

/** What has come due at this moment, the gravest first. `none` where activity has moved the deadline since it was set. */
export function dueAction(connection: Connection, apiLimits: ApiLimits, nowMs: number): DueAction {
  if (connection.state !== 'open') return none;
  if (connection.endsAtMs !== 0 && nowMs >= connection.endsAtMs) return goAway;
  if (connection.authorizationEndsAtMs !== 0 && nowMs >= connection.authorizationEndsAtMs) return expired;
  if (connection.slowSinceMs !== 0 && nowMs >= connection.slowSinceMs + limits.socketSlowMsMax) return tooSlow;
  if (apiLimits.idleTimeoutMs !== 0 && nowMs >= connection.lastActiveAtMs + apiLimits.idleTimeoutMs) return goAway;
  if (connection.pingedAtMs !== 0) return nowMs >= connection.pingedAtMs + limits.pongTimeoutMs ? vanished : none;
  if (nowMs >= connection.lastHeardAtMs + pingAfterMs(apiLimits)) return ping;
  return none;
}

/** The earliest moment at which something can be due. There always is one: limits that a reload brings reach every connection. */
export function nextDueAtMs(connection: Connection, apiLimits: ApiLimits): number {
  let due = Number.POSITIVE_INFINITY;
  if (connection.endsAtMs !== 0) due = connection.endsAtMs;
  if (connection.authorizationEndsAtMs !== 0) due = Math.min(due, connection.authorizationEndsAtMs);
  if (connection.slowSinceMs !== 0) due = Math.min(due, connection.slowSinceMs + limits.socketSlowMsMax);
  if (apiLimits.idleTimeoutMs !== 0) due = Math.min(due, connection.lastActiveAtMs + apiLimits.idleTimeoutMs);
  if (connection.pingedAtMs !== 0) due = Math.min(due, connection.pingedAtMs + limits.pongTimeoutMs);
  else due = Math.min(due, connection.lastHeardAtMs + pingAfterMs(apiLimits));
  return due;
}

/** Also where an API has its pings off: the library ends a socket that stays silent for longer than `transportSilenceMs`. */
function pingAfterMs({ pingIntervalMs }: ApiLimits): number {
  return pingIntervalMs === 0 ? limits.pingIntervalMsMax : Math.min(pingIntervalMs, limits.pingIntervalMsMax);
}

/** Close codes that the library reports without a frame of the client, told apart by its text. */
export function reportedClose(code: number, reason: string): Close {
  if (code === closes.noStatus.code) return closes.noStatus;
  if (code !== closes.abnormal.code) return { code, reason };
  if (reason === 'Received invalid UTF-8') return closes.invalidUtf8;
  if (reason.startsWith('Received too big message')) return closes.tooBig;
  if (reason === 'Received invalid WebSocket frame' || reason === 'Received invalid close payload') {
    return closes.protocolError;
  }
  return closes.abnormal;
}
