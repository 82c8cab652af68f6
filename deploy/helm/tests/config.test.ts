// sluice.yaml as the chart renders it: what the processes start with, and told apart into what is taken over and what rolls.
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ciFiles, find, podsOf, render } from './chart.js';
import { decoded, deploymentOf, type KubernetesObject } from './objects.js';
import { startedWith } from './start.js';

const redis = { url: 'redis://redis.example:6379' };
const fileOf = (objects: KubernetesObject[], fullname = 'sluice') =>
  decoded(find(objects, 'Secret', `${fullname}-config`), 'sluice.yaml');
const withConfig = (config: object, values: object = {}) => render({ values: { redis, config, ...values } });
const api = (path: string) => ({
  integrations: { backend: { integrationType: 'HTTP_PROXY', integrationUri: `http://back-end:9000/${path}` } },
  routes: { $default: 'backend' },
  stages: { dev: {} },
});

describe.each(ciFiles)('ci/%s-values.yaml', (ci) => {
  const objects = render({ ci });
  const deployments = objects.filter(({ kind, metadata }) => {
    return kind === 'Deployment' && metadata.labels['app.kubernetes.io/component'] !== 'redis';
  });

  it('has for every process a file and variables that it starts with', () => {
    for (const deployment of deployments) {
      const settings = startedWith(objects, deployment);
      expect(settings.apis.map(({ apiId }) => apiId)).toContain('sluice-self-test');
      expect(settings.admin.host).toBe('0.0.0.0');
      expect(settings.redis?.url).toMatch(ci === 'tls' || ci === 'all-on' ? /^rediss:/ : /^rediss?:/);
    }
    expect(deployments.length).toBe(ci === 'all-off' ? 0 : 3);
  });
});

describe('what stands in the file', () => {
  it('is what config says, numbers and texts untouched', () => {
    const config = {
      apis: { chat: { ...api('chat'), limits: { connectionDurationMs: 7_200_000, messageBytesMax: 131_072 } } },
      usagePlans: { free: { quota: { limit: 9_007_199_254_740_991, period: 'DAY' } } },
      aws: { accountId: '000000000000' },
      log: { level: 'warn' },
    };
    const written = parse(fileOf(withConfig(config)));
    expect(written).toMatchObject(config);
    expect(fileOf(withConfig(config))).not.toMatch(/e\+\d/);
  });

  it.each([
    [
      'sentinel',
      {
        mode: 'sentinel',
        sentinelName: 'primary',
        sentinelUsername: 'watcher',
        url: 'redis://sentinel-0.redis:26379/2',
      },
    ],
    [
      'cluster',
      { mode: 'cluster', shards: 32, nodes: ['redis-0.redis:6379', 'redis-1.redis:6379', 'redis-2.redis:6379'] },
    ],
    [
      'ha',
      {
        mode: 'standalone',
        url: 'redis://redis.example:6379/0',
        username: 'sluice',
        keyPrefix: 'production',
        shards: 4,
      },
    ],
    [
      'tls',
      {
        url: 'rediss://redis-0.redis:6380',
        tls: {
          caFile: '/etc/sluice-secrets/redis-tls/ca.crt',
          certFile: '/etc/sluice-secrets/redis-tls/tls.crt',
          keyFile: '/etc/sluice-secrets/redis-tls/tls.key',
          serverName: 'redis.internal',
        },
      },
    ],
  ])('says where Redis is: %s', (ci, expected) => {
    expect(parse(fileOf(render({ ci }))).redis).toMatchObject(expected);
  });

  it('holds no URL of Redis, whose password would be in a file more', () => {
    expect(fileOf(render({ ci: 'all-on' }), 'everything')).not.toContain('planted-redis-password');
  });
});

describe('a change of config', () => {
  const annotationsOf = (config: object, values: object = {}) =>
    ['edge', 'router', 'callback'].map(
      (component) =>
        deploymentOf(find(withConfig(config, values), 'Deployment', `sluice-${component}`)).template.metadata
          .annotations,
    );
  const before = annotationsOf({ apis: { chat: api('one') } });
  const keys = [{ accessKeyId: 'a', secretAccessKey: 'b', allow: ['*'] }];

  it.each([
    ['apis', { apis: { chat: api('two'), other: api('three') } }],
    ['domainNames', { apis: { chat: api('one') }, domainNames: { 'ws.example.com': {} } }],
    ['apiKeys', { apis: { chat: api('one') }, apiKeys: { one: { value: 'x'.repeat(30) } } }],
    ['usagePlans', { apis: { chat: api('one') }, usagePlans: { free: {} } }],
    ['auth.keys', { apis: { chat: api('one') }, auth: { keys } }],
  ])('of %s leaves the pods alone, which take it over', (_key, config) => {
    expect(annotationsOf(config)).toEqual(before);
    expect(fileOf(withConfig(config))).not.toBe(fileOf(withConfig({ apis: { chat: api('one') } })));
  });

  it.each([
    ['edge.port', { edge: { port: 9000 } }],
    ['log', { log: { level: 'debug' } }],
    ['auth.callback', { auth: { callback: 'none' } }],
    ['reload.watch', { reload: { watch: false } }],
  ])('of %s rolls the pods', (_key, config) => {
    const after = annotationsOf({ apis: { chat: api('one') }, ...config });
    expect(after.filter((annotations, at) => JSON.stringify(annotations) === JSON.stringify(before[at]))).toEqual([]);
  });

  it('of apis rolls pods that are told not to watch the file', () => {
    const reload = { watch: false };
    expect(annotationsOf({ reload, apis: { chat: api('one') } })).not.toEqual(
      annotationsOf({ reload, apis: { chat: api('two') } }),
    );
  });

  it('of the port moves ports of pods, Services and policies along', () => {
    const objects = withConfig({ edge: { port: 9000 }, admin: { port: 9001 } });
    expect(find(objects, 'Service', 'sluice-edge').spec).toMatchObject({ ports: [{ port: 9000, targetPort: 'http' }] });
    expect(find(objects, 'Service', 'sluice-edge-admin').spec).toMatchObject({ ports: [{ port: 9001 }] });
    const { containers } = deploymentOf(find(objects, 'Deployment', 'sluice-edge')).template.spec;
    expect(containers[0]?.ports.map(({ containerPort }) => containerPort)).toEqual([9000, 9001]);
  });
});

describe('helm test', () => {
  const config = {
    auth: { keys: [{ accessKeyId: 'own', secretAccessKey: 'x', allow: ['*'] }] },
    apis: { chat: api('a') },
  };

  it('has an API and a key of its own, beside those of the user', () => {
    const written = parse(fileOf(withConfig(config)));
    expect(Object.keys(written.apis).sort()).toEqual(['chat', 'sluice-self-test']);
    expect(written.auth.keys.map(({ accessKeyId, allow }: Record<string, unknown>) => [accessKeyId, allow])).toEqual([
      ['own', ['*']],
      ['sluiceSelfTest', ['arn:aws:execute-api:*:*:sluice-self-test/*']],
    ]);
  });

  it('signs with that key, which only its pod gets', () => {
    const objects = withConfig(config);
    const secret = find(objects, 'Secret', 'sluice-config');
    const [key] = parse(decoded(secret, 'self-test-keys.yaml'));
    expect(parse(fileOf(objects)).auth.keys[1]).toEqual(key);
    const mounted = podsOf(objects).filter(({ spec }) => JSON.stringify(spec.volumes).includes('self-test-keys.yaml'));
    expect(mounted.map(({ name }) => name)).toEqual(['Pod sluice-test']);
  });

  it('leaves the short addresses of the only API as they are', () => {
    const objects = withConfig(config);
    const { apis } = startedWith(objects, find(objects, 'Deployment', 'sluice-edge'));
    expect(apis.map(({ apiId, namedOnly }) => [apiId, namedOnly])).toEqual([
      ['chat', false],
      ['sluice-self-test', true],
    ]);
  });

  it('goes through the edge where there is no callback service, and is in the region that is set', () => {
    const objects = withConfig({ aws: { region: 'eu-west-1' } }, { callback: { enabled: false } });
    const [container] = podsOf(objects).find(({ name }) => name === 'Pod sluice-test')?.spec.containers ?? [];
    expect(container?.args).toContain('--callback-url=http://sluice-edge:8080');
    expect(container?.env).toContainEqual({ name: 'SLUICE_AWS_REGION', value: 'eu-west-1' });
  });

  it('leaves nothing in the configuration where it is switched off', () => {
    const written = parse(fileOf(withConfig(config, { tests: { enabled: false } })));
    expect([Object.keys(written.apis), written.auth.keys.length]).toEqual([['chat'], 1]);
  });

  it('has another key in another release and in another namespace', () => {
    const secretOf = (options: object) =>
      decoded(find(render({ ci: 'defaults', ...options }), 'Secret', 'sluice-config'), 'self-test-secret-access-key');
    const secrets = [{}, { namespace: 'blue' }, { values: { redis: { url: 'redis://other:6379' } } }].map(secretOf);
    expect(new Set(secrets).size).toBe(3);
    for (const secret of secrets) expect(secret).toMatch(/^[a-z0-9]{40}$/);
  });
});
