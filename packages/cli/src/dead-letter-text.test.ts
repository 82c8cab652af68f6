import type { DeadLetter } from '@sluice/bus';
import { expect, it } from 'vitest';
import { deadLetterAsJson, deadLetterAsLine } from './dead-letter-text.js';

const undecodable: DeadLetter = {
  id: '1700000000000-0:0',
  reason: 'undecodable',
  deadAtMs: 1_700_000_000_000,
  deliveryCount: 5,
  originalId: '1699999999999-0',
  envelope: undefined,
  raw: Buffer.from([0, 255]),
};
const message: DeadLetter = {
  ...undecodable,
  reason: 'router_error',
  envelope: {
    kind: 'MESSAGE',
    scope: 'chat/dev',
    connectionId: 'gbgHN0-zjQAYKEjhgA==',
    requestId: 'Qyi3UG41tjMFlUg=',
    messageId: 'Qyi3UG41tjMFlUk=',
    connectionContext: '{}',
    timeMs: 1_699_999_999_000,
    traceparent: undefined,
    body: Buffer.from('{"action":"ü"}'),
  },
};

it('a dead letter is one line for people', () => {
  expect(deadLetterAsLine(message)).toBe(
    '1700000000000-0:0  2023-11-14T22:13:20.000Z  router_error  MESSAGE chat/dev gbgHN0-zjQAYKEjhgA==  delivered 5 times',
  );
  expect(deadLetterAsLine(undecodable)).toContain('  undecodable  undecodable  delivered 5 times');
});

it('a dead letter is JSON for programs, with the message as text or the bytes as they are', () => {
  const shared = { id: '1700000000000-0:0', deadAt: '2023-11-14T22:13:20.000Z', deliveryCount: 5 };
  expect(JSON.parse(JSON.stringify(deadLetterAsJson(message)))).toMatchObject({
    ...shared,
    envelope: { kind: 'MESSAGE', scope: 'chat/dev', messageId: 'Qyi3UG41tjMFlUk=', body: '{"action":"ü"}' },
  });
  const raw = deadLetterAsJson(undecodable);
  expect(raw).toMatchObject({ ...shared, rawBase64: 'AP8=' });
  expect(raw).not.toHaveProperty('raw');
});

it('[X10] a dead letter shows nobody a way in: neither credentials of a handshake nor the value of an API key', () => {
  const { envelope } = message;
  if (envelope === undefined) expect.unreachable();
  const { scope, connectionId, requestId, timeMs, traceparent } = envelope;
  const connect: DeadLetter = {
    ...message,
    envelope: {
      kind: 'CONNECT',
      ...{ scope, connectionId, requestId, timeMs, traceparent },
      connectionContext: '{"sourceIp":"192.0.2.1","identity":{"apiKey":"hunter2","apiKeyId":"gold"}}',
      handshake: {
        headers: [
          ['host', 'h'],
          ['authorization', 'Bearer hunter2'],
          ['cookie', 'a=hunter2'],
          ['x-api-key', 'hunter2'],
          ['sec-websocket-protocol', 'bearer.hunter2'],
        ],
        queryString: 'room=hunter2&X-Amz-Signature=hunter2&flag',
      },
    },
  };
  const shown = JSON.stringify(deadLetterAsJson(connect));
  expect(shown).not.toContain('hunter2');
  for (const kept of ['"host","h"', 'gold', '192.0.2.1', 'room=*****&X-Amz-Signature=*****&flag']) {
    expect(shown.replaceAll('\\"', '"')).toContain(kept);
  }
  const unreadable = { ...message, envelope: { ...envelope, connectionContext: '{"apiKey"hunter2' } };
  expect(JSON.stringify(deadLetterAsJson(unreadable))).not.toContain('hunter2');
});
