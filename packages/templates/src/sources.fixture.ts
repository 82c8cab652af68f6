import type { MappingSources } from '@sluice/contracts';

/** Sources of one request as tests need them; `body` is both the message and what `$input` shows. */
export function mappingSources(body = '', members: Partial<MappingSources> = {}): MappingSources {
  return {
    body: Buffer.from(body),
    requestBody: Buffer.from(body),
    handshake: undefined,
    context: () => ({
      connectionId: 'TZNr4dT9IAMCGvA=',
      requestTimeEpoch: 1_700_000_000_000,
      routeKey: 'send',
      authorizer: { principalId: 'ann', tier: 'gold' },
      identity: { sourceIp: '203.0.113.7' },
    }),
    stageVariables: { table: 'messages', url: 'example.com' },
    ...members,
  };
}
