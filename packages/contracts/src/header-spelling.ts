// The WebSocket library hands over names in lower case; back ends written for AWS look for the spelling of the registry.
const irregular = new Map(
  [
    'Accept-CH',
    'ALPN',
    'CDN-Loop',
    'Content-ID',
    'Content-MD5',
    'DASL',
    'DAV',
    'DNT',
    'DPoP',
    'ECT',
    'ETag',
    'HTTP2-Settings',
    'If-None-Match',
    'IM',
    'NEL',
    'RTT',
    'Sec-CH-UA',
    'Sec-CH-UA-Mobile',
    'Sec-CH-UA-Platform',
    'Sec-GPC',
    'Sec-WebSocket-Accept',
    'Sec-WebSocket-Extensions',
    'Sec-WebSocket-Key',
    'Sec-WebSocket-Protocol',
    'Sec-WebSocket-Version',
    'SLUG',
    'SOAPAction',
    'TE',
    'WWW-Authenticate',
    'X-Request-ID',
    'X-Correlation-ID',
    'X-UA-Compatible',
    'X-XSS-Protection',
    // As AWS itself writes them.
    'content-length',
    'x-api-key',
    'x-amz-date',
    'x-amz-security-token',
    'x-amz-content-sha256',
  ].map((name) => [name.toLowerCase(), name]),
);

/**
 * The usual spelling of a header name: as a definition spells it (identity sources, mappings), as it is registered, or else
 * each word with a capital. `declared` maps lower case to spelling.
 */
export function spellHeader(name: string, declared?: ReadonlyMap<string, string>): string {
  const lowerCase = name.toLowerCase();
  return (
    declared?.get(lowerCase) ??
    irregular.get(lowerCase) ??
    lowerCase.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase())
  );
}
