import { type ConnectEnvelope, limits } from '@sluice/contracts';
import type { AuthorizationRequest } from './authorization.js';
import { bodyMember, headerValues, lastQueryValue } from './request-values.js';

/** A token as it was found. */
export interface FoundToken {
  token: string;
  /** It came as a sub-protocol, and this is what the handshake can be answered with. */
  subProtocol?: string | undefined;
}

export interface TokenSources {
  /** Undefined where none of the sources has one, or it is longer than `tokenBytesMax`. */
  read(request: AuthorizationRequest): FoundToken | undefined;
}

export type TokenSourcesReading = { sources: TokenSources } | { fault: string };

/** Marks the sub-protocol after it as a token: `Sec-WebSocket-Protocol: access_token, <token>`. */
const tokenProtocolMarker = 'access_token';
/** A sub-protocol with this prefix is a token: `Sec-WebSocket-Protocol: bearer.<token>, chat`. */
const tokenProtocolPrefix = 'bearer.';

const form = /^(?:route\.request|\$request)\.(header|querystring|body)\.([a-zA-Z0-9._-]+)$/;

/**
 * Compiles `identitySource` of a JWT authorizer (ours): where the token is, the first place that has one. `$request.…` as in HTTP APIs
 * and `route.request.…` mean the same. A message has only a body, a handshake has none: an authorizer of both names two sources.
 */
export function compileTokenSources(expressions: readonly string[]): TokenSourcesReading {
  const readers: ((request: AuthorizationRequest) => FoundToken | undefined)[] = [];
  for (const expression of expressions) {
    const [, place, name = ''] = form.exec(expression) ?? [];
    if (place === undefined) return { fault: `identitySource ${expression} is no place where a token can be` };
    readers.push(compileSource(place, name));
  }
  if (readers.length === 0) return { fault: 'a JWT authorizer needs an identitySource' };
  return {
    sources: {
      read(request) {
        for (const reader of readers) {
          const found = reader(request);
          if (found === undefined || found.token === '') continue;
          return found.token.length <= limits.tokenBytesMax ? found : undefined;
        }
        return undefined;
      },
    },
  };
}

function compileSource(place: string, name: string): (request: AuthorizationRequest) => FoundToken | undefined {
  const lowerCase = name.toLowerCase();
  if (place === 'header' && lowerCase === 'sec-websocket-protocol') {
    return ({ envelope }) => (envelope.kind === 'CONNECT' ? tokenOfProtocols(envelope) : undefined);
  }
  return ({ envelope }) => {
    if (envelope.kind === 'MESSAGE') return place === 'body' ? found(bodyMember(envelope, name)) : undefined;
    if (place === 'querystring') return found(lastQueryValue(envelope, name));
    const values = place === 'header' ? headerValues(envelope, lowerCase) : [];
    // Of two tokens, somebody on the way may have judged the other one.
    return values.length === 1 ? found(values[0]) : undefined;
  };
}

function found(text: string | undefined): FoundToken | undefined {
  return text === undefined ? undefined : { token: text.replace(/^bearer +/i, '').trim() };
}

function tokenOfProtocols({ handshake }: ConnectEnvelope): FoundToken | undefined {
  const offered = headerValues({ handshake }, 'sec-websocket-protocol').flatMap((value) =>
    value
      .split(',')
      .map((protocol) => protocol.trim())
      .filter((protocol) => protocol !== ''),
  );
  const prefixed = offered.findIndex((protocol) => protocol.startsWith(tokenProtocolPrefix));
  if (prefixed !== -1) {
    const token = (offered[prefixed] as string).slice(tokenProtocolPrefix.length);
    return { token, subProtocol: offered.find((_, position) => position !== prefixed) };
  }
  const marker = offered.indexOf(tokenProtocolMarker);
  const token = marker === -1 ? undefined : offered[marker + 1];
  if (token === undefined) return undefined;
  const rest = offered.find((_, position) => position !== marker && position !== marker + 1);
  return { token, subProtocol: rest ?? tokenProtocolMarker };
}
