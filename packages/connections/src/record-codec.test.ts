import { newConnectionId } from '@sluice/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRecord, encodeId, encodeValue } from './record-codec.js';

describe('registry records', () => {
  it('come back as they were, whatever is in the context', () => {
    const texts = fc.string({ unit: 'binary' });
    const latin1 = (text: string) => text.replace(/[\u0100-\uffff]/g, 'ÿ');
    fc.assert(
      fc.property(texts, texts, fc.nat(65_535), (userAgent, domainName, slot) => {
        const context = {
          connectedAtMs: 1,
          sourceIp: '::1',
          userAgent: latin1(userAgent),
          domainName: latin1(domainName),
        };
        const record = {
          connectionId: newConnectionId(slot),
          scope: 'chat/dev',
          connectionContext: JSON.stringify(context),
        };
        expect(decodeRecord(encodeId(record.connectionId), encodeValue(record))).toEqual(record);
      }),
    );
  });

  it.each(['L0SM9cOFvHcCIhw=', 'AAAAAAAAAAAAAAAAAB==', 'AAAAAAAAAAAAAAAAAA==', 'x'])(
    'id %s comes back as it was',
    (connectionId) => {
      const record = { connectionId, scope: 'a/b', connectionContext: '{}' };
      expect(decodeRecord(encodeId(connectionId), encodeValue(record))).toEqual(record);
    },
  );

  it('keep an id in 13 bytes', () => {
    expect(encodeId(newConnectionId(7)).length).toBe(13);
  });
});
