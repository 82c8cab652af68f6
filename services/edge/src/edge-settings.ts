import { type ForwardedHeader, limits } from '@sluice/contracts';

/** Everything an edge is told; `packages/config` or `edgeSettings` fill in what a user left out. */
export interface EdgeSettings {
  host: string;
  /** 0 takes any free port. */
  port: number;
  drain: DrainSettings;
  /** Sockets, held upgrades and closed connections whose `$disconnect` is still owed, together; over it 503. */
  maxConnections: number;
  /** Handshakes per second of this node and how many may come at once; over it 503 with Retry-After. */
  handshakesPerSecond: number;
  handshakesBurst: number;
  /** Served at `GET /` in developer mode. */
  page: { html: string } | undefined;
  /** Address ranges of proxies whose `X-Forwarded-*` headers are believed (`10.0.0.0/8`, or one address). Unset: nobody's. */
  trustedProxies?: readonly string[] | undefined;
  /** A port of its own for load balancers that speak the PROXY protocol, and who they are. Unset: none. */
  proxyProtocol?: { host: string; port: number; trustedProxies: readonly string[] } | undefined;
  /** Which headers they write. Unset: `X-Forwarded-*`. */
  forwardedHeader?: ForwardedHeader | undefined;
}

export interface DrainSettings {
  /** Nothing is closed for this long, so that nodes restarted together do not receive each other's clients. */
  holdMs: number;
  /** The closes are spread over this long. */
  windowMs: number;
  /** Then at most this long until what is owed to the bus and the store has been confirmed. */
  settleMs: number;
}

/** Settings with the defaults of `limits`. */
export function edgeSettings(given: Partial<EdgeSettings> & Pick<EdgeSettings, 'port'>): EdgeSettings {
  return {
    host: '127.0.0.1',
    drain: { holdMs: limits.drainHoldMs, windowMs: limits.drainWindowMs, settleMs: limits.drainSettleMs },
    maxConnections: 15_000,
    handshakesPerSecond: limits.handshakesPerSecondMax,
    handshakesBurst: limits.handshakesBurstMax,
    page: undefined,
    ...given,
  };
}
