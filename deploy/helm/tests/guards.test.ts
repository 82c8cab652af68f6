// What would be installed and not work is refused, with the value by its full path and the way out.
import { describe, expect, it } from 'vitest';
import { template } from './chart.js';

const redis = { url: 'redis://redis.example:6379' };
const nodes = ['one:1', 'two:2'];
const off = { enabled: false };

/** Title, values, and texts of the message: the path of the value first, then the way out. */
const refusals: [title: string, values: object, ...texts: [string, string, ...string[]]][] = [
  [
    'an edge that would be killed while it drains',
    { redis, edge: { terminationGracePeriodSeconds: 89 } },
    'edge.terminationGracePeriodSeconds is 89',
    'Set edge.terminationGracePeriodSeconds to 90 or more',
    'shorten edge.drain',
  ],
  [
    'a router that would be killed while it works',
    { redis, router: { terminationGracePeriodSeconds: 30 } },
    'router.terminationGracePeriodSeconds is 30',
    'Set router.terminationGracePeriodSeconds to 45 or more',
  ],
  [
    'a callback service that would be killed while it works',
    { redis, callback: { terminationGracePeriodSeconds: 45, drain: { workSeconds: 31 } } },
    'callback.terminationGracePeriodSeconds is 45',
    'Set callback.terminationGracePeriodSeconds to 46 or more',
  ],
  [
    'an edge whose own preStop eats the drain up',
    { redis, edge: { terminationGracePeriodSeconds: 90, lifecycle: { preStop: { sleep: { seconds: 60 } } } } },
    'edge.terminationGracePeriodSeconds is 90',
    'Set edge.terminationGracePeriodSeconds to 145 or more',
  ],
  [
    'a preStop of unknown length under a grace period that is computed',
    { redis, edge: { lifecycle: { preStop: { exec: { command: ['deregister'] } } } } },
    'edge.lifecycle.preStop is no sleep',
    'Set edge.terminationGracePeriodSeconds to 85',
  ],
  [
    'two autoscalers of the router',
    { redis, router: { autoscaling: { enabled: true }, keda: { enabled: true } } },
    'router.autoscaling.enabled and router.keda.enabled',
    'Set one of them to false',
  ],
  [
    'KEDA without something to ask',
    { redis, router: { keda: { enabled: true } } },
    'router.keda.prometheus.serverAddress is empty',
    'write router.keda.triggers',
  ],
  [
    'an autoscaler without a target',
    { redis, edge: { autoscaling: { enabled: true, targetSocketsPercent: 0, targetCPUUtilizationPercentage: 0 } } },
    'edge.autoscaling.enabled',
    'Set edge.autoscaling.targetSocketsPercent',
  ],
  [
    'an autoscaler of the router without a target',
    { redis, router: { autoscaling: { enabled: true, targetOldestAgeSeconds: 0, targetLagPerPod: 0 } } },
    'router.autoscaling.enabled',
    'Set router.autoscaling.targetOldestAgeSeconds',
  ],
  [
    'an autoscaler of the callback service without a target',
    { redis, callback: { autoscaling: { enabled: true, targetCPUUtilizationPercentage: 0 } } },
    'callback.autoscaling.enabled',
    'Set callback.autoscaling.targetCPUUtilizationPercentage',
  ],
  [
    'fewer pods at most than at least',
    { redis, callback: { autoscaling: { enabled: true, minReplicas: 5, maxReplicas: 4 } } },
    'callback.autoscaling.maxReplicas',
    'Raise the one or lower the other',
  ],
  ['no Redis', {}, 'redis: nothing says where Redis is', 'Set redis.url'],
  ['two places of Redis', { redis: { ...redis, host: 'other' } }, 'redis.url and redis.host', 'Keep one of them'],
  ['sentinel without sentinels', { redis: { mode: 'sentinel' } }, 'redis.nodes is empty', 'of the sentinels'],
  ['a cluster without nodes', { redis: { mode: 'cluster' } }, 'redis.nodes is empty', 'of some nodes of the cluster'],
  [
    'nodes of no cluster',
    { redis: { ...redis, nodes } },
    'redis.nodes is for redis.mode sentinel and cluster',
    'Set redis.mode',
  ],
  [
    'a URL beside nodes',
    { redis: { mode: 'cluster', nodes, ...redis } },
    'redis.url and redis.host are for redis.mode standalone',
    'Say where it is with redis.nodes',
  ],
  [
    'a database of a cluster',
    { redis: { mode: 'cluster', nodes, database: 3 } },
    'redis.database: a cluster has no databases',
    'Set redis.database to 0',
  ],
  [
    "the sentinels' password without its Secret",
    { redis: { mode: 'sentinel', nodes, existingSecretSentinelPasswordKey: 'key' } },
    'redis.existingSecretSentinelPasswordKey',
    'Set redis.existingSecret',
  ],
  [
    'half a client certificate',
    { redis: { mode: 'cluster', nodes, tls: { enabled: true, existingSecret: 'tls', certKey: 'tls.crt' } } },
    'redis.tls.certKey and redis.tls.keyKey',
    'Set all three',
  ],
  [
    'users of sentinels that there are not',
    { redis: { ...redis, sentinelUsername: 'watcher' } },
    'redis.sentinelUsername',
    'Leave them unset',
  ],
  [
    'certificates without TLS',
    { redis: { ...redis, tls: { existingSecret: 'tls' } } },
    'redis.tls.existingSecret has no effect',
    'Set redis.tls.enabled to true',
  ],
  ['TLS with a plain URL', { redis: { ...redis, tls: { enabled: true } } }, 'redis.tls.enabled', 'Write rediss://'],
  [
    'the bundled Redis under several replicas',
    { redis: { bundled: { enabled: true } } },
    'redis.bundled.enabled',
    'set redis.bundled.acknowledgeTrial to true, or edge.replicaCount to 1',
  ],
  [
    'the bundled Redis under an autoscaler',
    {
      redis: { bundled: { enabled: true } },
      edge: { replicaCount: 1 },
      router: { replicaCount: 1, keda: { enabled: true, triggers: [{ type: 'cpu' }] } },
    },
    'redis.bundled.enabled',
    'router.replicaCount',
  ],
  [
    'the bundled Redis beside another',
    { redis: { ...redis, bundled: { enabled: true, acknowledgeTrial: true } } },
    'redis.bundled.enabled',
    'Set redis.bundled.enabled to false',
  ],
  [
    'a bundled cluster',
    { redis: { mode: 'cluster', bundled: { enabled: true, acknowledgeTrial: true } } },
    'redis.mode is cluster',
    'Set redis.mode to standalone',
  ],
  [
    'TLS to the bundled Redis',
    { redis: { tls: { enabled: true }, bundled: { enabled: true, acknowledgeTrial: true } } },
    'redis.tls.enabled',
    'Set one of the two to false',
  ],
  [
    'signed @connections without a key',
    { redis, tests: off },
    'config.auth.keys is empty',
    'Set auth.existingSecret',
    'config.auth.callback: none',
  ],
  [
    'two files with keys',
    { redis, auth: { existingSecret: 'keys' }, config: { auth: { keysFile: 'keys.yaml' } } },
    'config.auth.keysFile and auth.existingSecret',
    'Keep one of them',
  ],
  [
    'two files with API keys',
    { redis, apiKeys: { existingSecret: 'keys' }, config: { apiKeysFile: 'keys.yaml' } },
    'config.apiKeysFile and apiKeys.existingSecret',
    'Keep one of them',
  ],
  [
    'two files with credentials',
    { redis, aws: { existingSecret: 'aws' }, config: { aws: { credentialsFile: 'aws.yaml' } } },
    'config.aws.credentialsFile and aws.existingSecret',
    'Keep one of them',
  ],
  ['a drain in the file', { redis, config: { drain: { windowMs: 1000 } } }, 'config.drain', 'Write edge.drain'],
  ['Redis in the file', { redis, config: { redis: { shards: 2 } } }, 'config.redis', 'redis.shards'],
  ['Redis in the file alone', { config: { redis: { url: 'redis://one:6379' } } }, 'config.redis', 'redis.url'],
  [
    'a bound of sockets in the file',
    { redis, config: { edge: { maxConnections: 5 } } },
    'config.edge.maxConnections',
    'Write edge.maxConnections',
  ],
  [
    'a loopback address of the admin port',
    { redis, config: { admin: { host: '127.0.0.1' } } },
    'config.admin.host is 127.0.0.1',
    'Leave config.admin.host unset',
  ],
  ...(['edge', 'callback', 'admin'] as const).map((listener): (typeof refusals)[number] => [
    `any free port of ${listener}`,
    { redis, config: { [listener]: { port: 0 } } },
    `config.${listener}.port is 0`,
    `Set config.${listener}.port`,
  ]),
  [
    'any free port for the PROXY protocol',
    { redis, config: { edge: { proxyProtocol: { port: 0, trustedProxies: ['10.0.0.0/8'] } } } },
    'config.edge.proxyProtocol.port',
    'Set config.edge.proxyProtocol.port',
  ],
  [
    'the admin port as the public one',
    { redis, config: { edge: { port: 8081 } } },
    'config.edge.port and config.admin.port',
    'Choose another config.admin.port',
  ],
  [
    'the public port for the PROXY protocol too',
    { redis, config: { edge: { proxyProtocol: { port: 8080, trustedProxies: ['10.0.0.0/8'] } } } },
    'config.edge.proxyProtocol.port',
    'Choose another config.edge.proxyProtocol.port',
  ],
  [
    'a port for the PROXY protocol that nobody listens on',
    { redis, edge: { service: { proxyPort: 443 } } },
    'edge.service.proxyPort',
    'Write config.edge.proxyProtocol',
  ],
  [
    'the name of the API of helm test',
    { redis, config: { apis: { 'sluice-self-test': { routes: {}, stages: {} } } } },
    'config.apis.sluice-self-test',
    'Choose another name',
  ],
  [
    'an HTTPRoute without a Gateway',
    { redis, gatewayApi: { enabled: true } },
    'gatewayApi.parentRefs is empty',
    'Set gatewayApi.parentRefs to',
  ],
  [
    'a route to the callback service alone',
    { redis, gatewayApi: { callback: { enabled: true } } },
    'gatewayApi.callback.enabled',
    'Set gatewayApi.enabled to true',
  ],
  [
    'a route to no edge',
    { redis, edge: off, gatewayApi: { enabled: true, parentRefs: [{ name: 'a' }] } },
    'gatewayApi.enabled',
    'edge.enabled is false',
  ],
  [
    'a route to no callback service',
    { redis, callback: off, gatewayApi: { enabled: true, parentRefs: [{ name: 'a' }], callback: { enabled: true } } },
    'gatewayApi.callback.enabled',
    'callback.enabled is false',
  ],
  ...[
    {},
    { hostnames: ['a.example.com'] },
    { parentRefs: [{ name: 'a' }], hostnames: ['b.example.com', 'a.example.com'] },
  ].map((own): (typeof refusals)[number] => [
    `routes of edge and callback service that are the same: ${JSON.stringify(own)}`,
    {
      redis,
      gatewayApi: {
        enabled: true,
        parentRefs: [{ name: 'a' }],
        hostnames: 'hostnames' in own ? ['a.example.com'] : [],
        callback: { enabled: true, ...own },
      },
    },
    'gatewayApi.callback: its HTTPRoute',
    'Set gatewayApi.callback.hostnames',
  ]),
  ['an Ingress without hosts', { redis, ingress: { enabled: true } }, 'ingress.hosts is empty', 'Set ingress.hosts to'],
  [
    'an Ingress to no callback service',
    {
      redis,
      callback: off,
      ingress: { enabled: true, hosts: [{ host: 'a', paths: [{ path: '/', component: 'callback' }] }] },
    },
    'ingress.hosts',
    'callback.enabled to true',
  ],
  ...(['serviceMonitor', 'podMonitor', 'prometheusRule'] as const).map((value): (typeof refusals)[number] => [
    `a ${value} without its CRD`,
    { redis, metrics: { [value]: { enabled: true } } },
    `metrics.${value}.enabled`,
    'set metrics.disableApiCheck to true',
  ]),
  [
    'every sample twice',
    { redis, metrics: { disableApiCheck: true, serviceMonitor: { enabled: true }, podMonitor: { enabled: true } } },
    'metrics.serviceMonitor.enabled and metrics.podMonitor.enabled',
    'Set one of them to false',
  ],
  ['the control API', { redis, control: { enabled: true } }, 'control.enabled', 'Set control.enabled to false'],
  [
    'both halves of a disruption budget',
    { redis, edge: { podDisruptionBudget: { minAvailable: 1 } } },
    'edge.podDisruptionBudget.minAvailable',
    'Set edge.podDisruptionBudget.maxUnavailable to null',
  ],
  [
    'a disruption budget that says nothing',
    { redis, router: { podDisruptionBudget: { maxUnavailable: null } } },
    'router.podDisruptionBudget.minAvailable and router.podDisruptionBudget.maxUnavailable are both null',
    'Set one of them',
  ],
  [
    'memory that cannot be read',
    { redis, edge: { resources: { limits: { memory: 'plenty' } } } },
    'edge.resources.limits.memory is "plenty"',
    'Write it as 512Mi or 1Gi',
  ],
  [
    'a node port of a ClusterIP',
    { redis, edge: { service: { nodePort: 30080 } } },
    'edge.service.nodePort',
    'Set edge.service.type to NodePort',
  ],
];

describe('guards', () => {
  it.each(refusals)('refuse %s', (_title, values, ...texts) => {
    const { status, error } = template({ values });
    expect(status).not.toBe(0);
    for (const text of texts) expect(error).toContain(text);
  });

  it('let the same values pass once the way out is taken', () => {
    const values = {
      redis: { bundled: { enabled: true, acknowledgeTrial: true } },
      edge: { terminationGracePeriodSeconds: 90, podDisruptionBudget: { minAvailable: 1, maxUnavailable: null } },
      tests: off,
      config: { auth: { callback: 'none' } },
      metrics: { disableApiCheck: true, serviceMonitor: { enabled: true } },
    };
    expect(template({ values }).error).toBe('');
  });
});

describe('guards let pass', () => {
  const gatewayApi = { enabled: true, parentRefs: [{ name: 'a' }], hostnames: ['a.example.com'] };

  it.each([
    ['host names', { hostnames: ['b.example.com'] }],
    ['paths', { hostnames: ['a.example.com'], matches: [{ path: { type: 'PathPrefix', value: '/prod' } }] }],
    ['Gateway', { hostnames: ['a.example.com'], parentRefs: [{ name: 'b' }] }],
  ])('a route to the callback service with its own %s', (_title, callback) => {
    const values = { redis, gatewayApi: { ...gatewayApi, callback: { enabled: true, ...callback } } };
    expect(template({ values }).error).toBe('');
  });

  it('a preStop of any kind with a grace period beside it', () => {
    const lifecycle = { preStop: { exec: { command: ['deregister'] } } };
    expect(template({ values: { redis, edge: { lifecycle, terminationGracePeriodSeconds: 120 } } }).error).toBe('');
  });
});

describe('the schema of the values', () => {
  it.each([
    ['an unknown key at the top', { redi: {} }, "additional properties 'redi' not allowed"],
    ['a section with nothing in it', { auth: null }, "missing property 'auth'"],
    ['a misspelt key of a process', { edge: { replicas: 3 } }, "additional properties 'replicas' not allowed"],
    ['a misspelt key of sluice.yaml', { config: { edge: { prot: 1 } } }, "additional properties 'prot' not allowed"],
    [
      'a misspelt key of an API',
      { config: { apis: { a: { route: {} } } } },
      "additional properties 'route' not allowed",
    ],
    [
      'a mode that there is not',
      { redis: { mode: 'ring' } },
      "value must be one of 'standalone', 'sentinel', 'cluster'",
    ],
    ['a number below its least', { edge: { drain: { windowSeconds: -1 } } }, 'minimum: got -1, want 0'],
    ['a public port of the router', { router: { service: { type: 'NodePort' } } }, "value must be 'ClusterIP'"],
    ['a node without a port', { redis: { nodes: ['redis'] } }, 'does not match pattern'],
  ])('refuses %s', (_title, values, text) => {
    const { status, error } = template({ values: { redis, ...values } });
    expect(status).not.toBe(0);
    expect(error).toContain(text);
  });

  it('leaves `global` open, which other charts of an umbrella use too', () => {
    expect(template({ values: { redis, global: { theirs: { key: 1 } } } }).error).toBe('');
  });
});
