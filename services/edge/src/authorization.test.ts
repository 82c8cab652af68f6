import { closes, decodeConnectionContext, encodeConnectionContext } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';
import {
  admitted,
  endAfterEach,
  type Gateway,
  openClient,
  RawClient,
  sleep,
  startGateway,
  until,
  upgradeRequest,
} from './edge.fixture.js';

endAfterEach();

/** As a router does it: what the edge said, and what authorization adds. */
function withAuthorization(context: string, authorizedUntilMs: number | undefined, principalId = 'ada'): string {
  return encodeConnectionContext({
    ...decodeConnectionContext(context),
    authorizer: { principalId, name: 'Ä👋' },
    authorizedUntilMs,
  });
}

/** Port and scheme are for the CONNECT event alone. */
function kept(context: string): string {
  const { forwardedPort, ...rest } = decodeConnectionContext(context);
  expect(forwardedPort).toBeTypeOf('number');
  return encodeConnectionContext(rest);
}

async function openAuthorized(forMs: number | undefined): Promise<{ gateway: Gateway; context: () => string }> {
  const gateway = await startGateway();
  let context = '';
  gateway.rule.verdict = (envelope) => {
    context = withAuthorization(envelope.connectionContext, forMs === undefined ? undefined : Date.now() + forMs);
    return { ...admitted, connectionContext: context };
  };
  return { gateway, context: () => kept(context) };
}

describe('a verdict with a context', () => {
  it('[CN-70] is what record, messages and $disconnect of the connection carry', async () => {
    const { gateway, context } = await openAuthorized(undefined);
    const client = await openClient(gateway.url);
    expect(gateway.store.registrations.map((record) => record.connectionContext)).toEqual([context()]);
    client.socket.send('x');
    const message = await until('the message', () => gateway.messages()[0]);
    expect(message.connectionContext).toBe(context());
    client.socket.close();
    expect((await until('$disconnect', () => gateway.disconnects()[0])).connectionContext).toBe(context());
  });

  it('[CN-70] that ends closes with 1008 when it does, and $disconnect says so', async () => {
    const { gateway } = await openAuthorized(300);
    const openedAtMs = Date.now();
    const client = await openClient(gateway.url);
    expect(await client.closed).toEqual(closes.authorizationExpired);
    expect(Date.now() - openedAtMs).toBeGreaterThanOrEqual(250);
    const disconnect = await until('$disconnect', () => gateway.disconnects()[0]);
    expect([disconnect.disconnectStatusCode, disconnect.disconnectReason]).toEqual([1008, 'Authorization expired']);
    const reason = { code: '1008', reason: 'authorizationExpired' };
    expect(await gateway.metric('sluice_closes_total', reason)).toBe(1);
  });

  it('[CN-70] that has ended already closes at once', async () => {
    const { gateway } = await openAuthorized(-5_000);
    const client = await openClient(gateway.url);
    expect(await client.closed).toEqual(closes.authorizationExpired);
  });

  it.each(['no JSON "authorizedUntilMs"', '{"authorizedUntilMs":"never","connectedAtMs":1,"sourceIp":""}', '[]'])(
    '[CN-70] that cannot be read lets nobody in: %s',
    async (connectionContext) => {
      const gateway = await startGateway();
      gateway.rule.verdict = () => ({ ...admitted, connectionContext });
      const client = await new RawClient(gateway.port).write(upgradeRequest()).answer();
      expect(client.status).toBe(500);
      expect(client.body).toContain('{"message": "Internal server error", "connectionId":"');
      expect(gateway.store.registrations).toEqual([]);
    },
  );
});

describe('a renewal', () => {
  it('[CN-71] replaces context and end, in the record too', async () => {
    const { gateway, context } = await openAuthorized(400);
    const client = await openClient(gateway.url);
    const [connectionId] = [...gateway.store.registered] as [string];
    const renewed = withAuthorization(context(), Date.now() + 900);
    const renewedAtMs = Date.now();
    gateway.tell({ kind: 'RENEW', connectionId, connectionContext: renewed });
    gateway.tell({ kind: 'RENEW', connectionId, connectionContext: renewed });
    await until('the new record', () => gateway.store.registrations.length === 2);
    client.socket.send('x');
    const message = await until('the message', () => gateway.messages()[0]);
    expect(message.connectionContext).toBe(renewed);
    expect(await client.closed).toEqual(closes.authorizationExpired);
    expect(Date.now() - renewedAtMs).toBeGreaterThan(850);
    expect(gateway.store.registrations.map((record) => record.connectionContext)).toEqual([context(), renewed]);
    expect((await until('$disconnect', () => gateway.disconnects()[0])).connectionContext).toBe(renewed);
  });

  it('[CN-71] may bring the end nearer', async () => {
    const { gateway, context } = await openAuthorized(60_000);
    const client = await openClient(gateway.url);
    const [connectionId] = [...gateway.store.registered] as [string];
    gateway.tell({ kind: 'RENEW', connectionId, connectionContext: withAuthorization(context(), Date.now() + 100) });
    expect(await client.closed).toEqual(closes.authorizationExpired);
  });

  it('[CN-71] of another principal changes nothing: of two tokens that cross, the first decides', async () => {
    const { gateway, context } = await openAuthorized(60_000);
    const client = await openClient(gateway.url);
    const [connectionId] = [...gateway.store.registered] as [string];
    const taken = withAuthorization(context(), Date.now() + 90_000, 'grace');
    const own = withAuthorization(context(), Date.now() + 80_000);
    for (const connectionContext of [taken, own, taken]) {
      gateway.tell({ kind: 'RENEW', connectionId, connectionContext });
    }
    await until('the new record', () => gateway.store.registrations.length === 2);
    client.socket.send('x');
    expect((await until('the message', () => gateway.messages()[0])).connectionContext).toBe(own);
  });

  it('[CN-71] that cannot be read, or is for nobody, changes nothing', async () => {
    const { gateway, context } = await openAuthorized(60_000);
    const client = await openClient(gateway.url);
    const [connectionId] = [...gateway.store.registered] as [string];
    for (const connectionContext of ['', '{}', '{"connectedAtMs":1,"sourceIp":"","authorizedUntilMs":null}']) {
      gateway.tell({ kind: 'RENEW', connectionId, connectionContext });
    }
    client.socket.close();
    await until('$disconnect', () => gateway.disconnects().length === 1);
    expect(gateway.disconnects()[0]?.connectionContext).toBe(context());
    gateway.tell({ kind: 'RENEW', connectionId, connectionContext: withAuthorization(context(), 1) });
    await sleep(50);
    expect(gateway.store.registrations.length).toBe(1);
  });
});
