import { limits } from '@sluice/contracts';
import { expect, it } from 'vitest';
import {
  admitted,
  apiDefinition,
  endAfterEach,
  openClient,
  RawClient,
  startGateway,
  until,
  upgradeRequest,
} from './edge.fixture.js';

endAfterEach();

const { handshakesPendingMax, handshakesPendingStageMax } = limits;

it('handshakes that hang at one stage leave room for those of another', async () => {
  expect(handshakesPendingStageMax).toBeLessThan(handshakesPendingMax);
  const gateway = await startGateway({
    apis: [apiDefinition({ connectTimeoutMs: 20_000 }), apiDefinition({}, 'other')],
    settings: { handshakesBurst: 2 * handshakesPendingMax },
  });
  gateway.rule.verdict = ({ scope }) => (scope === 'other/dev' ? admitted : undefined);
  const knock = () => new RawClient(gateway.port).write(upgradeRequest(undefined, '/chat/dev'));
  const held = Array.from({ length: handshakesPendingStageMax }, knock);
  await until('all of them held', () => gateway.connects().length === handshakesPendingStageMax);

  const refused = await knock().answer();
  expect([refused.status, refused.header('Retry-After')]).toEqual([503, expect.any(String)]);
  expect(await gateway.metric('sluice_throttled_total', { reason: 'handshakes_pending' })).toBe(1);
  const other = await openClient(gateway.url.replace('/dev', '/other/dev'));
  other.socket.close();

  // One that is decided makes room for the next.
  const { connectionId } = gateway.connects()[0] ?? expect.unreachable();
  gateway.tell({ kind: 'VERDICT', connectionId, ...admitted });
  await until('the decided one', () => held.some(({ status }) => status === 101));
  knock();
  await until('the next one held', () => gateway.connects().length === handshakesPendingStageMax + 2);
});
