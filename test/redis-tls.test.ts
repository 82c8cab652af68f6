import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import {
  type Certificates,
  connectClient,
  freePort,
  type GatewayProcess,
  type GatewayRole,
  makeCertificates,
  startGatewayProcess,
  startRedis,
  startRedisCluster,
  startRedisSentinel,
  testKey,
  waitFor,
} from '@sluice/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

const password = 'pl4nted-redis-password';
const sentinelPassword = 'pl4nted-sentinel-password';
const id = {
  integrationType: 'MOCK',
  requestTemplates: { $default: '{"statusCode":200}' },
  integrationResponses: { $default: { responseTemplates: { $default: '$context.connectionId' } } },
};
const config = {
  apis: { chat: { routes: { $default: { integration: id, routeResponse: true } }, stages: { dev: {} } } },
  auth: { keys: [testKey] },
};

let certificates: Certificates;
const cleanups: (() => Promise<unknown>)[] = [];
beforeAll(() => {
  certificates = makeCertificates();
});
afterAll(() => certificates?.remove());
afterEach(async () => {
  for (const each of cleanups.splice(0).reverse()) await each();
});

/** Variables alone, as a chart sets them from its values and secrets. */
const tlsEnv = () => ({
  SLUICE_REDIS_TLS: 'true',
  SLUICE_REDIS_TLS_CA_FILE: certificates.caFile,
  SLUICE_REDIS_TLS_CERT_FILE: certificates.client.certFile,
  SLUICE_REDIS_TLS_KEY_FILE: certificates.client.keyFile,
});

async function startGateway(
  env: Record<string, string>,
): Promise<Record<'edge' | 'router' | 'callback', GatewayProcess>> {
  const start = async (role: GatewayRole) => {
    const started = await startGatewayProcess({ role, config, env });
    cleanups.push(() => started.kill());
    return started;
  };
  const [edge, router, callback] = await Promise.all([start('edge'), start('router'), start('callback')]);
  return { edge, router, callback };
}

/** Every way that something takes over Redis: the frame stream, an inbox, a callback's outcome; and that every client stands. */
async function works({ edge, router, callback }: Awaited<ReturnType<typeof startGateway>>): Promise<void> {
  const client = await connectClient(`ws://127.0.0.1:${edge.port}/dev`);
  client.send('{}');
  const ConnectionId = await client.next();
  const management = new ApiGatewayManagementApiClient({
    endpoint: `http://127.0.0.1:${callback.port}/dev`,
    region: 'us-east-1',
    credentials: { ...testKey },
  });
  await management.send(new PostToConnectionCommand({ ConnectionId, Data: 'posted' }));
  expect(await client.next()).toBe('posted');
  await client.close();
  for (const each of [edge, router, callback]) {
    // The jobs' own connection, which BullMQ duplicates, is one of them.
    const roles = (await each.admin('/metrics')).body.split('\n').filter((line) => line.startsWith('sluice_redis_up{'));
    expect(roles.some((line) => line.includes('role="jobs"'))).toBe(true);
    const down = roles.filter((line) => line.endsWith(' 0') && !line.includes('role="startup"'));
    expect(down).toEqual([]);
    expect(each.output()).not.toMatch(/pl4nted|PRIVATE KEY/);
  }
}

describe('Redis over TLS, which asks clients for a certificate', () => {
  const standalone = async () => {
    const tlsPort = await freePort();
    const redis = await startRedis({ args: [...certificates.redisArgs(tlsPort), '--requirepass', password] });
    cleanups.push(() => redis.stop());
    return tlsPort;
  };

  it('standalone, with a password', async () => {
    const url = `redis://localhost:${await standalone()}`;
    const gateway = await startGateway({ SLUICE_REDIS_URL: url, SLUICE_REDIS_PASSWORD: password, ...tlsEnv() });
    await works(gateway);
    expect(gateway.edge.output()).toContain('Redis at rediss://localhost');
  });

  it('by address, where the certificate names it', async () => {
    const url = `rediss://127.0.0.1:${await standalone()}`;
    const { SLUICE_REDIS_TLS, ...files } = tlsEnv();
    await works(await startGateway({ SLUICE_REDIS_URL: url, SLUICE_REDIS_PASSWORD: password, ...files }));
  });

  it('Sentinel, with a password of its own, and after a fail-over', async () => {
    const redis = await startRedisSentinel({ certificates, password, sentinelPassword });
    cleanups.push(() => redis.stop());
    const gateway = await startGateway({
      SLUICE_REDIS_MODE: 'sentinel',
      SLUICE_REDIS_NODES: redis.address,
      SLUICE_REDIS_SENTINEL_NAME: redis.name,
      SLUICE_REDIS_SENTINEL_PASSWORD: sentinelPassword,
      SLUICE_REDIS_PASSWORD: password,
      ...tlsEnv(),
    });
    await works(gateway);
    await redis.primary.kill();
    // A sentinel that a busy machine has held up looks on for half a minute before it acts (TILT).
    await waitFor('the fail-over', async () => (await redis.primaryPort()) === redis.replicaPort, 60_000);
    const { edge } = gateway;
    await waitFor(
      'the edge on the new primary',
      async () => (await edge.admin('/metrics')).body.includes('role="edge-producer",kind="producer"} 1'),
      20_000,
    );
    await waitFor(
      'service to resume',
      () =>
        works(gateway).then(
          () => true,
          () => false,
        ),
      30_000,
    );
  }, 180_000);

  it('Cluster', async () => {
    const redis = await startRedisCluster({ nodes: 3, certificates });
    cleanups.push(() => redis.stop());
    const nodes = redis.addresses.map((address) => address.replace('127.0.0.1', 'localhost'));
    await works(
      await startGateway({
        SLUICE_REDIS_MODE: 'cluster',
        SLUICE_REDIS_NODES: nodes.join(', '),
        SLUICE_REDIS_SHARDS: '3',
        ...tlsEnv(),
      }),
    );
  });

  it.each([
    ['another authority', { SLUICE_REDIS_TLS_CA_FILE: '' }, /unable to verify|self-signed|unable to get local issuer/],
    [
      'another name',
      { SLUICE_REDIS_TLS_SERVER_NAME: 'redis.example.com' },
      /Host: redis\.example\.com\. is not in the cert/,
    ],
  ])('of %s is refused, and the log says why', async (_what, env, reason) => {
    const url = `redis://localhost:${await standalone()}`;
    const started = await startGatewayProcess({
      role: 'router',
      config,
      env: { SLUICE_REDIS_URL: url, SLUICE_REDIS_PASSWORD: password, ...tlsEnv(), ...env },
      dontWait: true,
    });
    cleanups.push(() => started.kill());
    await waitFor('the reason', () => reason.test(started.output()));
    const { status, body } = await started.admin('/readyz');
    expect(status).toBe(503);
    expect(body).toContain('has not answered yet');
  });

  it('with a name that is checked in place of the host, or with no check where that is asked for', async () => {
    const port = await standalone();
    const byName = { SLUICE_REDIS_URL: `redis://127.0.0.1:${port}`, SLUICE_REDIS_TLS_SERVER_NAME: 'localhost' };
    await works(await startGateway({ SLUICE_REDIS_PASSWORD: password, ...tlsEnv(), ...byName }));
    const unchecked = { SLUICE_REDIS_TLS_CA_FILE: '', SLUICE_REDIS_TLS_REJECT_UNAUTHORIZED: 'false' };
    const env = { SLUICE_REDIS_URL: `redis://127.0.0.1:${port}`, SLUICE_REDIS_PASSWORD: password };
    const gateway = await startGateway({ ...env, ...tlsEnv(), ...unchecked });
    await works(gateway);
    expect(gateway.edge.output()).toContain('redis.tls.rejectUnauthorized is false');
  });
});
