import {
  ApiGatewayManagementApiClient,
  GetConnectionCommand,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import {
  connectClient,
  type GatewayProcess,
  type MountedVolume,
  mountVolume,
  startGatewayProcess,
  waitFor,
} from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** Each route answers its text. */
function routesOf(texts: Record<string, string>) {
  const entries = Object.entries(texts).map(([key, text]) => {
    const integrationResponses = { $default: { responseTemplates: { $default: text } } };
    const requestTemplates = { $default: '{"statusCode":200}' };
    return [
      key,
      { integration: { integrationType: 'MOCK', requestTemplates, integrationResponses }, routeResponse: true },
    ];
  });
  return Object.fromEntries(entries);
}

function configOf(texts: Record<string, string>, more: object = {}) {
  const id = '$context.connectionId';
  const auth = { callback: 'sigv4', keysFile: 'keys.yaml' };
  return JSON.stringify({
    auth,
    apiKeysFile: 'api-keys.yaml',
    apis: { chat: { routes: routesOf({ id, ...texts }), stages: { dev: {} } } },
    usagePlans: { plan: { apiStages: [{ api: 'chat', stage: 'dev' }], apiKeys: ['gold'] } },
    ...more,
  });
}

const keysOf = (secretAccessKey: string) => JSON.stringify([{ accessKeyId: 'AK', secretAccessKey, allow: ['*'] }]);
const apiKeys = JSON.stringify({ gold: { value: 'gold-value-0123456789' } });
const secretsBefore = { 'keys.yaml': keysOf('first-secret'), 'api-keys.yaml': apiKeys };

describe('a changed configuration', () => {
  let volume: MountedVolume;
  let gateway: GatewayProcess;

  beforeAll(async () => {
    volume = mountVolume({ 'sluice.yaml': configOf({ first: 'one' }), ...secretsBefore });
    gateway = await startGatewayProcess({
      role: 'start',
      config: {},
      args: ['--config', volume.path('sluice.yaml')],
    });
  });
  afterAll(async () => {
    await gateway?.kill();
    volume?.remove();
  });

  const reloads = (result: string) => gateway.metric('sluice_config_reloads_total', `result="${result}"`);
  const swapped = async (files: Record<string, string>, result: string) => {
    const before = await reloads(result);
    const startedMs = performance.now();
    volume.swap({ ...secretsBefore, ...files });
    await waitFor(`a reload that is ${result}`, async () => (await reloads(result)) === before + 1, 15_000);
    return performance.now() - startedMs;
  };
  const as = (secretAccessKey: string) =>
    new ApiGatewayManagementApiClient({
      endpoint: `http://127.0.0.1:${gateway.port}/dev`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'AK', secretAccessKey },
      maxAttempts: 1,
    });
  const connect = async () => {
    const client = await connectClient(`ws://127.0.0.1:${gateway.port}/dev`);
    const ask = (action: string) => {
      client.send({ action });
      return client.next();
    };
    return { client, ask };
  };

  it('that the kubelet swaps in is in force within seconds, and the open connection stays', async () => {
    const { client, ask } = await connect();
    expect(await ask('second')).toContain('Forbidden');
    expect(await gateway.metric('sluice_config_version')).toBe(1);
    await swapped({ 'sluice.yaml': configOf({ first: 'one', second: 'two' }) }, 'taken');
    expect(await ask('second')).toBe('two');
    expect(await gateway.metric('sluice_config_version')).toBe(2);
    expect(await gateway.metric('sluice_config_age_seconds')).toBe(0);
    await client.close();
  });

  it('with mistakes changes nothing; the log has every one, and the age grows until it is mended', async () => {
    const { client, ask } = await connect();
    const broken = { ...JSON.parse(configOf({ first: 'changed' })), unheard: 1, router: { inflightMax: 'x' } };
    await swapped({ 'sluice.yaml': JSON.stringify(broken) }, 'refused');
    const line =
      gateway
        .output()
        .split('\n')
        .find((each) => each.includes('"config.refused"')) ?? '{}';
    const { reason } = JSON.parse(line) as { reason: string };
    expect(reason).toContain('2 problems');
    expect(reason).toContain('unheard');
    expect(reason).toContain('router.inflightMax');
    expect(await ask('first')).toBe('one');
    await waitFor('the age to grow', async () => (await gateway.metric('sluice_config_age_seconds')) > 2, 10_000);
    await swapped({ 'sluice.yaml': configOf({ first: 'one', second: 'two' }) }, 'unchanged');
    expect(await gateway.metric('sluice_config_age_seconds')).toBe(0);
    await client.close();
  });

  it('of a port is named as waiting for the next start, while the rest of the file is taken', async () => {
    const { client, ask } = await connect();
    const config = configOf({ first: 'one, changed' }, { callback: { port: 18_999 } });
    await swapped({ 'sluice.yaml': config }, 'taken');
    expect(await ask('first')).toBe('one, changed');
    await waitFor('the line', () => gateway.output().includes('not taken before the next start: callback"'));
    await waitFor('the age to grow', async () => (await gateway.metric('sluice_config_age_seconds')) > 2, 10_000);
    await swapped({ 'sluice.yaml': configOf({ first: 'one, changed' }) }, 'unchanged');
    expect(await gateway.metric('sluice_config_age_seconds')).toBe(0);
    await client.close();
  });

  it('of a file with access keys rotates them: the new secret signs, the old one no longer', async () => {
    const { client, ask } = await connect();
    const ConnectionId = await ask('id');
    await as('first-secret').send(new GetConnectionCommand({ ConnectionId }));
    await swapped(
      { 'sluice.yaml': configOf({ first: 'one, changed' }), 'keys.yaml': keysOf('second-secret') },
      'taken',
    );
    await expect(as('first-secret').send(new GetConnectionCommand({ ConnectionId }))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 403 },
    });
    await as('second-secret').send(new PostToConnectionCommand({ ConnectionId, Data: 'rotated' }));
    expect(await client.next()).toBe('rotated');
    expect(gateway.output()).not.toMatch(/first-secret|second-secret|gold-value/);
    await client.close();
  });

  it('that opens @connections to everybody waits, and its keys with it', async () => {
    const { client, ask } = await connect();
    const ConnectionId = await ask('id');
    const keys = { 'keys.yaml': keysOf('second-secret') };
    const open = configOf({ first: 'one, changed' }, { auth: { callback: 'none' } });
    await swapped({ 'sluice.yaml': open, ...keys }, 'unchanged');
    await waitFor('the line', () => gateway.output().includes('not taken before the next start: auth.callback"'));
    await as('second-secret').send(new GetConnectionCommand({ ConnectionId }));
    await expect(as('another').send(new GetConnectionCommand({ ConnectionId }))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 403 },
    });
    await client.close();
  });
});

describe('reload.watch: false', () => {
  it('leaves changed files alone until SIGHUP', async () => {
    const volume = mountVolume({ 'sluice.yaml': configOf({ first: 'one' }), ...secretsBefore });
    const gateway = await startGatewayProcess({
      role: 'start',
      config: {},
      args: ['--config', volume.path('sluice.yaml'), '--reload-watch', 'false'],
    });
    try {
      volume.swap({ 'sluice.yaml': configOf({ first: 'two' }), ...secretsBefore });
      // Longer than a watching process needs, as the tests above show.
      await new Promise((resolve) => setTimeout(resolve, 6_000));
      expect(await gateway.metric('sluice_config_reloads_total')).toBe(0);
      gateway.signal('SIGHUP');
      await waitFor('the reload', async () => (await gateway.metric('sluice_config_version')) === 2);
    } finally {
      await gateway.kill();
      volume.remove();
    }
  });
});
