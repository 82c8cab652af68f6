import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ByteWriter,
  type Envelope,
  errorFrame,
  type InboxCommand,
  isConnectionId,
  MalformedBytesError,
  NewerVersionError,
  newConnectionId,
  newRequestId,
  nodeSlotOf,
  readBatch,
  readInboxBatch,
  writeBatchHead,
  writeEnvelope,
  writeInboxCommand,
  writeInboxHead,
} from './index.js';

const latin1 = fc.string({ unit: fc.integer({ min: 1, max: 0xff }).map((code) => String.fromCharCode(code)) });
const base = {
  scope: fc.constant('chat/dev'),
  connectionId: fc.integer({ min: 0, max: 0xffff }).map(newConnectionId),
  requestId: fc.constant(0).map(newRequestId),
  timeMs: fc.constant(1_700_000_000_123),
  connectionContext: latin1,
  traceparent: fc.option(fc.constant(`00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`), { nil: undefined }),
};
const bytes = fc.uint8Array({ maxLength: 2000 }).map((array) => Buffer.from(array));
const envelopes: fc.Arbitrary<Envelope> = fc.oneof(
  fc.record({
    kind: fc.constant('MESSAGE' as const),
    ...base,
    messageId: fc.constant(0).map(newRequestId),
    body: bytes,
    binary: fc.boolean(),
    ordered: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('CONNECT' as const),
    ...base,
    handshake: fc.record({
      headers: fc.array(fc.tuple(fc.string(), fc.string({ unit: 'grapheme' }))),
      queryString: fc.string(),
    }),
  }),
  fc.record({
    kind: fc.constant('DISCONNECT' as const),
    ...base,
    disconnectStatusCode: fc.integer({ min: 1000, max: 4999 }),
    disconnectReason: fc.string({ unit: 'grapheme' }),
  }),
);

function encode(batch: Envelope[]): Buffer {
  const writer = new ByteWriter(16);
  writeBatchHead(writer, 'e7', 1_700_000_000_123);
  for (const envelope of batch) writeEnvelope(writer, envelope);
  return writer.copy();
}

describe('batch codec', () => {
  it('reads back whatever was written', () => {
    fc.assert(
      fc.property(fc.array(envelopes, { maxLength: 8 }), (batch) => {
        expect(readBatch(encode(batch))).toEqual({ from: 'e7', envelopes: batch });
      }),
    );
  });

  it('refuses truncated and foreign bytes with MalformedBytesError only', () => {
    fc.assert(
      fc.property(
        fc.array(envelopes, { minLength: 1, maxLength: 2 }),
        fc.double({ min: 0, max: 0.999 }),
        (batch, cut) => {
          const whole = encode(batch);
          const head = encode([]).length;
          const truncated = whole.subarray(0, Math.floor(whole.length * cut));
          try {
            const read = readBatch(Buffer.from(truncated));
            // A cut exactly between envelopes is a shorter, well-formed batch.
            expect(truncated.length).toBeGreaterThanOrEqual(head);
            expect(read.envelopes.length).toBeLessThan(batch.length);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedBytesError);
          }
        },
      ),
    );
    const newer = () => readBatch(Buffer.from([9, 1, 2, 3]));
    expect(newer).toThrow(NewerVersionError);
    expect(newer).toThrow('batch version 9 is not known');
    const foreign = () => readBatch(Buffer.from('text'));
    expect(foreign).toThrow('batch version 116 is not known');
    expect(foreign).not.toThrow(NewerVersionError);
    const older = () => readBatch(Buffer.from([0, 1, 2, 3]));
    expect(older).toThrow('batch version 0 is not known');
    expect(older).not.toThrow(NewerVersionError);
  });
});

describe('inbox codec', () => {
  it('reads back every kind of command', () => {
    const connectionId = newConnectionId(3);
    const correlated = { connectionId, replyTo: 'c9f', correlation: 4_000_000_000, traceparent: undefined };
    const commands: InboxCommand[] = [
      { kind: 'REPLY', connectionId, body: Buffer.from([0xff, 0]), binary: true },
      { kind: 'DONE', connectionId, messageId: newRequestId() },
      { kind: 'RENEW', connectionId, connectionContext: '{"authorizedUntilMs":1}' },
      {
        kind: 'VERDICT',
        connectionId,
        status: 200,
        headers: [],
        body: Buffer.alloc(0),
        connectionContext: '{"a":"ü"}',
      },
      { kind: 'POST', ...correlated, apiId: 'chat', body: Buffer.from('t'), binary: false },
      { kind: 'POST', ...correlated, apiId: 'chat', body: Buffer.from([0x80]), binary: true },
      { kind: 'REPLY', connectionId, body: Buffer.from('héllo') },
      { kind: 'VERDICT', connectionId, status: 401, headers: [['x-a', 'ü']], body: Buffer.from('no') },
      { kind: 'POST', ...correlated, apiId: 'chat', body: Buffer.alloc(0) },
      { kind: 'GET', ...correlated, apiId: undefined },
      { kind: 'DELETE', ...correlated, apiId: 'chat' },
      { kind: 'OUTCOME', correlation: 1, result: 'slow', connection: undefined },
      {
        kind: 'OUTCOME',
        correlation: 2,
        result: 'ok',
        connection: { scope: 'a/b', connectedAtMs: 1, lastActiveAtMs: 2, sourceIp: '::1', userAgent: 'ünï' },
      },
    ];
    const writer = new ByteWriter(8);
    writeInboxHead(writer);
    for (const command of commands) writeInboxCommand(writer, command);
    expect(readInboxBatch(writer.copy())).toEqual({ commands, fault: undefined });
  });

  it('writes commands that use none of the newer members byte for byte as the release before', () => {
    const connectionId = 'AAAAAAAAAAAAAAAAAA==';
    const bytesOf = (command: InboxCommand) => {
      const writer = new ByteWriter(8);
      writeInboxCommand(writer, command);
      return writer.copy().toString('latin1');
    };
    const body = Buffer.from('hi');
    expect(bytesOf({ kind: 'REPLY', connectionId, body, binary: false })).toBe(`\x02\x14${connectionId}\x02\0\0\0hi`);
    expect(
      bytesOf({ kind: 'VERDICT', connectionId, status: 200, headers: [], body, connectionContext: undefined }),
    ).toBe(`\x01\x14${connectionId}\xc8\0\x02\0\0\0[]\x02\0\0\0hi`);
    const asked = { connectionId, replyTo: 'c', correlation: 1, traceparent: undefined, apiId: undefined, body };
    expect(bytesOf({ kind: 'POST', ...asked, binary: undefined })).toBe(
      `\x03\x14${connectionId}\x01c\x01\0\0\0\0\0\x02\0\0\0hi`,
    );
  });

  it('refuses truncated and unknown commands with MalformedBytesError only', () => {
    const writer = new ByteWriter(8);
    writeInboxHead(writer);
    const connectionId = newConnectionId(3);
    writeInboxCommand(writer, { kind: 'RENEW', connectionId, connectionContext: '{"sourceIp":"::1"}' });
    const whole = writer.copy();
    for (let length = 2; length < whole.length; length++) {
      expect(readInboxBatch(whole.subarray(0, length)).fault).toBeInstanceOf(MalformedBytesError);
    }
    expect(readInboxBatch(Buffer.from([1, 99])).fault?.message).toBe('inbox command kind 99 is not known');
    expect(readInboxBatch(Buffer.from([2])).fault).toBeInstanceOf(NewerVersionError);
  });
});

describe('ids', () => {
  it('[CN-14] a connection id has 20 characters, names its node and carries 88 random bits', () => {
    const seen = new Set<string>();
    for (let slot = 0; slot < 20_000; slot++) {
      const id = newConnectionId(slot);
      expect(id).toMatch(/^[A-Za-z0-9_-]{18}==$/);
      expect(isConnectionId(id)).toBe(true);
      expect(nodeSlotOf(id)).toBe(slot);
      seen.add(id.slice(3));
    }
    expect(seen.size).toBe(20_000);
  });

  it('[CN-14] both observed forms are accepted, others are not', () => {
    expect(isConnectionId('L0SM9cOFvHcCIhw=')).toBe(true);
    expect(isConnectionId('gbgHN0-zjQAYKEjhgA==')).toBe(true);
    for (const text of ['', 'abc', 'L0SM9cOFvHcCIhw', 'gbgHN0-zjQAYKEjhgA=', 'gbgHN0+zjQAYKEjhgA==']) {
      expect(isConnectionId(text)).toBe(false);
    }
    expect(nodeSlotOf('L0SM9cOFvHcCIhw=')).toBeUndefined();
  });

  it('[CN-14] request ids have 16 characters and decode as 11 bytes', () => {
    for (let i = 0; i < 1000; i++) {
      const id = newRequestId();
      expect(id).toMatch(/^[A-Za-z0-9_-]{15}=$/);
      expect(Buffer.from(id, 'base64url').toString('base64url')).toBe(id.slice(0, 15));
    }
  });
});

describe('error frame', () => {
  it('[ER-1] has the exact layout of the model service', () => {
    expect(errorFrame('internal', 'Qyi07eCbtjMCJKw=', 'Qyi3UG41tjMFlUg=')).toBe(
      '{"message": "Internal server error", "connectionId":"Qyi07eCbtjMCJKw=", "requestId":"Qyi3UG41tjMFlUg="}',
    );
  });
});
