import type { ConnectionContext, Handshake } from './envelope.js';
import { spellHeader } from './header-spelling.js';

/** One name with one value (the last) and with all of them: `headers` and `multiValueHeaders` of an event. */
export interface SingleAndMulti {
  single: Record<string, string>;
  multi: Record<string, string[]>;
}

/** Query parameters, decoded; undefined where the handshake has none. Of a repeated key the last is `single` (spec 05 §5.1). */
export function queryMaps(queryString: string): SingleAndMulti | undefined {
  if (queryString === '') return undefined;
  const pairs = [...new URLSearchParams(queryString)];
  // `?&` has no parameter either.
  return pairs.length === 0 ? undefined : collect(pairs);
}

export interface HeaderMapOptions {
  /** The authorizer's event keeps `Connection`, `Upgrade` and has `content-length: 0` (spec 08 §8.1); CONNECT has none of them. */
  forAuthorizer: boolean;
  /** Spellings that definitions ask for, by lower case. */
  declared?: ReadonlyMap<string, string> | undefined;
  /** `Root=1-…`, for `X-Amzn-Trace-Id`. */
  traceId: string;
}

/** The headers of the CONNECT event or of the authorizer's (spec 05 §5.1, 08 §8.1), the gateway's own added. */
export function headerMaps(
  handshake: Handshake,
  context: ConnectionContext,
  options: HeaderMapOptions,
): SingleAndMulti {
  const own = ownHeaders(context, options.traceId);
  const fromClient = handshake.headers
    .map(([name, value]): [string, string] => [name.toLowerCase(), value])
    .filter(([name]) => !own.has(name) && (options.forAuthorizer || !notInConnectEvent.has(name)));
  if (options.forAuthorizer && !fromClient.some(([name]) => name === 'content-length')) {
    fromClient.push(['content-length', '0']);
  }
  const all = [...fromClient, ...own].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return collect(all.map(([name, value]): [string, string] => [spellHeader(name, options.declared), value]));
}

const notInConnectEvent = new Set(['connection', 'upgrade', 'content-length']);

function ownHeaders(context: ConnectionContext, traceId: string): Map<string, string> {
  const proto = context.forwardedProto ?? 'http';
  return new Map([
    ['x-amzn-trace-id', traceId],
    ['x-forwarded-for', context.sourceIp],
    ['x-forwarded-port', String(context.forwardedPort ?? (proto === 'https' ? 443 : 80))],
    ['x-forwarded-proto', proto],
  ]);
}

function collect(pairs: [name: string, value: string][]): SingleAndMulti {
  // Without a prototype: a parameter may be named `__proto__`.
  const single: Record<string, string> = Object.create(null);
  const multi: Record<string, string[]> = Object.create(null);
  for (const [name, value] of pairs) {
    single[name] = value;
    const values = multi[name];
    if (values === undefined) multi[name] = [value];
    else values.push(value);
  }
  return { single, multi };
}
