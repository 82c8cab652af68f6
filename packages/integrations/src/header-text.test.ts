import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeHeaderValue, escapeQueryString, forwardedHeaderLines } from './header-text.js';

describe('header text', () => {
  it('[IN-21] leaves plain names alone and percent-encodes what could break a header', () => {
    expect(escapeHeaderValue('$default')).toBe('$default');
    expect(escapeHeaderValue('send message/v1')).toBe('send message/v1');
    expect(escapeHeaderValue('a\r\nx-admin: 1')).toBe('a%0D%0Ax-admin: 1');
    expect(escapeHeaderValue('grüße 100%')).toBe('gr%C3%BC%C3%9Fe 100%25');
    expect(escapeHeaderValue(' x ')).toBe('%20x%20');
  });

  it('[IN-21] every escaped value is a legal header value and can be read back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const value = escapeHeaderValue(text);
        expect(value).toMatch(/^$|^[!-~]$|^[!-~][ -~]*[!-~]$/);
        expect(decodeURIComponent(value)).toBe(text);
      }),
    );
  });

  it('[IN-15] a query string cannot end the request line', () => {
    expect(escapeQueryString('a=1&b=%20c')).toBe('a=1&b=%20c');
    expect(escapeQueryString('a= HTTP/1.1\r\nX: ü#f')).toBe('a=%20HTTP/1.1%0D%0AX:%20%C3%BC%23f');
  });

  it('[IN-15] forwards handshake headers, minus hop-by-hop ones, those that Connection names and the gateway’s own', () => {
    const lines = forwardedHeaderLines([
      ['host', 'gateway'],
      ['connection', 'Upgrade, X-Named'],
      ['upgrade', 'websocket'],
      ['x-named', '1'],
      ['transfer-encoding', 'chunked'],
      ['content-length', '5'],
      ['sec-websocket-key', 'k=='],
      ['sec-websocket-version', '13'],
      ['cookie', 'a=b'],
      ['x-name', 'jürgen'],
      ['x-sluice-connection-id', 'forged'],
      ['traceparent', 'forged'],
      ['user-agent', 'browser'],
      ['x-bad', 'a\r\nx-evil: 1'],
      ['bad name', '1'],
    ]);
    expect(Buffer.from(lines, 'latin1').toString()).toBe(
      'sec-websocket-key: k==\r\nsec-websocket-version: 13\r\ncookie: a=b\r\nx-name: jürgen\r\n',
    );
  });
});
