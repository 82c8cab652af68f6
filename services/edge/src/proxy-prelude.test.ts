import { sourceIpOf } from '@sluice/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPrelude, writePrelude } from './proxy-prelude.js';

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const v2 = (command: number, family: number, rest: number[] | Buffer) =>
  Buffer.concat([signature, Buffer.from([command, family, rest.length >> 8, rest.length & 255]), Buffer.from(rest)]);
const ipv4 = [203, 0, 113, 9, 10, 0, 0, 1, 0x30, 0x39, 0, 80];
const ipv6 = [...Array(15).fill(0), 7, ...Array(16).fill(1), 0x30, 0x39, 0, 80];
const sourceOf = (bytes: Buffer) => {
  const prelude = readPrelude(bytes);
  return prelude.kind === 'read' ? [prelude.byteLength, prelude.sourceIp] : prelude.kind;
};

describe('PROXY preludes', () => {
  it.each<[string, Buffer, unknown]>([
    ['1, IPv4', Buffer.from('PROXY TCP4 203.0.113.9 10.0.0.1 12345 80\r\nGET /'), [42, '203.0.113.9']],
    ['1, IPv6', Buffer.from('PROXY TCP6 2600::1 2600::2 1 80\r\n'), [33, '2600::1']],
    ['1, unknown', Buffer.from('PROXY UNKNOWN\r\n'), [15, undefined]],
    ['2, IPv4', v2(0x21, 0x11, ipv4), [28, '203.0.113.9']],
    ['2, IPv6', v2(0x21, 0x21, ipv6), [52, '::7']],
    ['2, with further fields', v2(0x21, 0x11, [...ipv4, 4, 0, 2, 0, 0]), [33, '203.0.113.9']],
    ['2, local', v2(0x20, 0x00, []), [16, undefined]],
    ['2, unspecified', v2(0x21, 0x00, []), [16, undefined]],
  ])('[CN-75] of version %s are read', (_what, bytes, wanted) => {
    expect(sourceOf(bytes)).toEqual(wanted);
  });

  it.each<[string, Buffer]>([
    ['a request without one', Buffer.from('GET /dev HTTP/1.1\r\n')],
    ['an address of the other family', Buffer.from('PROXY TCP4 2600::1 10.0.0.1 1 80\r\n')],
    ['no address', Buffer.from('PROXY TCP4 example.com 10.0.0.1 1 80\r\n')],
    ['a zone', Buffer.from('PROXY TCP6 fe80::1%eth0 2600::2 1 80\r\n')],
    ['a port too large', Buffer.from('PROXY TCP4 203.0.113.9 10.0.0.1 65536 80\r\n')],
    ['a field too many', Buffer.from('PROXY TCP4 203.0.113.9 10.0.0.1 1 80 x\r\n')],
    ['another protocol', Buffer.from('PROXY UDP4 203.0.113.9 10.0.0.1 1 80\r\n')],
    ['a line that is too long', Buffer.from(`PROXY UNKNOWN ${'x'.repeat(100)}\r\n`)],
    ['version 3', v2(0x31, 0x11, ipv4)],
    ['an unknown command', v2(0x22, 0x11, ipv4)],
    ['datagrams', v2(0x21, 0x12, ipv4)],
    ['a Unix socket', v2(0x21, 0x31, Buffer.alloc(216))],
    ['too few bytes for the address', v2(0x21, 0x21, ipv4)],
    ['more bytes than are read', v2(0x21, 0x11, Buffer.alloc(2_000))],
  ])('[CN-75] %s is malformed', (_what, bytes) => {
    expect(readPrelude(bytes).kind).toBe('malformed');
  });

  it('[CN-75] in pieces they are waited for, and any bytes are read or refused, never thrown at', () => {
    for (const whole of [v2(0x21, 0x11, ipv4), Buffer.from('PROXY TCP4 203.0.113.9 10.0.0.1 12345 80\r\n')]) {
      for (let length = 0; length < whole.length; length++)
        expect(readPrelude(whole.subarray(0, length)).kind).toBe('incomplete');
    }
    const bytes = fc.uint8Array({ maxLength: 300 });
    const begin = fc.constantFrom(Buffer.alloc(0), signature, Buffer.from('PROXY TCP6 '));
    fc.assert(fc.property(begin, bytes, (start, rest) => void readPrelude(Buffer.concat([start, rest]))));
  });

  it('[CN-75] what is written is read back', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
        const [, read] = sourceOf(writePrelude(address)) as [number, string];
        const again = sourceOf(writePrelude(read)) as [number, string];
        expect(again[1]).toBe(read);
        if (address.includes('.') && !address.includes(':')) expect(read).toBe(address);
      }),
    );
    expect(sourceOf(writePrelude('2001:db8::7'))).toEqual([52, '2001:db8::7']);
    expect(sourceIpOf(Buffer.from(ipv6.slice(0, 16)))).toBe('::7');
  });
});
