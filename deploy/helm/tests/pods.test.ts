// What holds for every pod of every ci file: the restricted standard, secrets by reference, selectors that never change.
import { describe, expect, it } from 'vitest';
import { ciFiles, find, podsOf, render } from './chart.js';
import { type Container, containerOf, decoded, deploymentOf, serviceOf, variablesOf } from './objects.js';

const processes = ['edge', 'router', 'callback'] as const;
const redis = { url: 'redis://redis.example:6379' };
const defaults = render({ ci: 'defaults' });
const everything = render({ ci: 'all-on' });

describe.each(ciFiles)('ci/%s-values.yaml', (ci) => {
  const objects = render({ ci });

  it('has only pods that meet the restricted Pod Security Standard', () => {
    for (const { name, spec } of podsOf(objects)) {
      expect(spec.securityContext, name).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 10_001,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect([spec.hostNetwork, spec.hostPID, spec.hostIPC], name).toEqual([undefined, undefined, undefined]);
      expect(spec.automountServiceAccountToken, name).toBe(false);
      const kinds = spec.volumes.flatMap(({ name: _name, ...source }) => Object.keys(source));
      expect(
        kinds.filter((kind) => !['emptyDir', 'secret'].includes(kind)),
        name,
      ).toEqual([]);
      for (const container of [...(spec.initContainers ?? []), ...spec.containers]) expectRestricted(name, container);
      expect(spec.containers[0]?.volumeMounts, name).toContainEqual({ name: 'tmp', mountPath: '/tmp' });
      expect(spec.volumes, name).toContainEqual({ name: 'tmp', emptyDir: {} });
    }
  });

  it('keeps secrets out of plain variables, annotations and everything that is no Secret', () => {
    const open = JSON.stringify(objects.filter(({ kind }) => kind !== 'Secret'));
    expect(open).not.toMatch(/planted-/);
    for (const { name, spec } of podsOf(objects)) {
      for (const { name: variable, value } of spec.containers[0]?.env ?? []) {
        expect(
          value === undefined || !/PASSWORD|SECRET|_URL$|HEADERS|AUTH$/.test(variable),
          `${name} ${variable}`,
        ).toBe(true);
      }
    }
  });

  it('publishes no admin port, and no Service sticks clients to pods', () => {
    for (const { kind, metadata, spec } of objects) {
      if (kind === 'HTTPRoute' || kind === 'Ingress')
        expect(JSON.stringify(spec), metadata.name).not.toMatch(/admin|8081/);
      if (kind !== 'Service') continue;
      const service = serviceOf({ spec } as never);
      expect(service.sessionAffinity, metadata.name).toBeUndefined();
      const isAdmin = service.ports.some(({ targetPort }) => targetPort === 'admin');
      if (!isAdmin) continue;
      expect([service.type, service.clusterIP, service.ports.length], metadata.name).toEqual(['ClusterIP', 'None', 1]);
    }
  });

  it('selects exactly by name, instance and component', () => {
    for (const { kind, metadata, spec } of objects) {
      if (kind === 'Deployment') expectSelector(metadata.name, deploymentOf({ spec } as never).selector.matchLabels);
      if (kind === 'Service') expectSelector(metadata.name, serviceOf({ spec } as never).selector);
      if (kind === 'PodDisruptionBudget')
        expectSelector(metadata.name, (spec as { selector: { matchLabels: object } }).selector.matchLabels);
    }
  });
});

function expectRestricted(pod: string, { name, securityContext }: Container): void {
  const { capabilities, ...others } = securityContext;
  expect(capabilities, `${pod} ${name}`).toEqual({ drop: ['ALL'] });
  expect(others, `${pod} ${name}`).toMatchObject({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true });
  expect([others.privileged, others.runAsUser], `${pod} ${name}`).toEqual([undefined, undefined]);
}

function expectSelector(name: string, labels: object): void {
  const wanted = ['app.kubernetes.io/component', 'app.kubernetes.io/instance', 'app.kubernetes.io/name'];
  expect(Object.keys(labels).sort(), name).toEqual(wanted);
}

describe('the processes', () => {
  it.each(processes)('%s has its fixed name, its command, its ports and its probes', (component) => {
    const deployment = find(defaults, 'Deployment', `sluice-${component}`);
    const container = containerOf(deployment);
    expect(container.args).toEqual([component]);
    const ports = container.ports.map(({ name, containerPort }) => `${name} ${containerPort}`);
    const open = { edge: ['http 8080'], router: [], callback: ['http 8082'] }[component];
    expect(ports).toEqual([...open, 'admin 8081']);
    expect(container.startupProbe.httpGet).toEqual({ path: '/startupz', port: 'admin' });
    expect(container.livenessProbe.httpGet).toEqual({ path: '/livez', port: 'admin' });
    expect(container.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'admin' });
    expect(variablesOf(deployment)).toMatchObject({
      SLUICE_CONFIG: '/etc/sluice/sluice.yaml',
      SLUICE_ADMIN_HOST: '0.0.0.0',
    });
    expect(deploymentOf(deployment).template.spec.enableServiceLinks).toBe(false);
  });

  it.each(processes)('%s is updated one new pod at a time, and spread as far as that goes', (component) => {
    const spec = deploymentOf(find(defaults, 'Deployment', `sluice-${component}`));
    expect(spec).toMatchObject({
      replicas: 2,
      minReadySeconds: 10,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    });
    expect(find(defaults, 'PodDisruptionBudget', `sluice-${component}`).spec).toMatchObject({ maxUnavailable: 1 });
    const spread = spec.template.spec.topologySpreadConstraints ?? [];
    expect(spread.map(({ topologyKey, whenUnsatisfiable }) => [topologyKey, whenUnsatisfiable])).toEqual([
      ['topology.kubernetes.io/zone', 'ScheduleAnyway'],
      ['kubernetes.io/hostname', 'ScheduleAnyway'],
    ]);
    for (const { labelSelector } of spread) expect(labelSelector).toEqual({ matchLabels: spec.selector.matchLabels });
  });

  it('the configuration is mounted as a folder, which the kubelet can exchange', () => {
    for (const component of processes) {
      const mounts = containerOf(find(everything, 'Deployment', `everything-${component}`)).volumeMounts;
      expect(mounts).toContainEqual({ name: 'config', mountPath: '/etc/sluice', readOnly: true });
      expect(mounts.filter(({ subPath }) => subPath !== undefined)).toEqual([]);
    }
  });

  it('selectors stay the same whatever the chart, the app and the labels are', () => {
    const other = render({ ci: 'defaults', values: { commonLabels: { a: 'b' }, image: { tag: '9.9.9' } } });
    for (const component of processes) {
      const [before, after] = [defaults, other].map((objects) => find(objects, 'Deployment', `sluice-${component}`));
      expect(deploymentOf(after as never).selector).toEqual(deploymentOf(before as never).selector);
    }
    expect(find(other, 'Deployment', 'sluice-edge').metadata.labels).toMatchObject({ a: 'b' });
  });

  it('images are named by registry, tag and digest, the global registry first', () => {
    const imageOf = (values: object) =>
      containerOf(find(render({ ci: 'defaults', values }), 'Deployment', 'sluice-edge')).image;
    expect(imageOf({})).toMatch(/^ghcr\.io\/sluice-gateway\/sluice:\d/);
    expect(imageOf({ image: { registry: '', repository: 'localhost/sluice', tag: 'dev' } })).toBe(
      'localhost/sluice:dev',
    );
    const digest = `sha256:${'0'.repeat(64)}`;
    expect(imageOf({ global: { imageRegistry: 'mirror.example' }, image: { repository: 'a', digest } })).toBe(
      `mirror.example/a@${digest}`,
    );
    // A tag of one process is meant for it, also where all others are pinned by digest.
    expect(imageOf({ image: { repository: 'a', digest }, edge: { image: { tag: 'canary' } } })).toBe(
      'ghcr.io/a:canary',
    );
  });
});

describe('secrets', () => {
  const variableOf = (objects: typeof defaults, name: string) =>
    containerOf(find(objects, 'Deployment', 'sluice-router')).env.find((each) => each.name === name)?.valueFrom
      ?.secretKeyRef;

  it('a URL in the values becomes a Secret, and a change of it rolls the pods', () => {
    expect(decoded(find(defaults, 'Secret', 'sluice-redis'), 'redis-url')).toBe('redis://redis.example:6379');
    expect(variableOf(defaults, 'SLUICE_REDIS_URL')).toEqual({ name: 'sluice-redis', key: 'redis-url' });
    const other = render({ ci: 'defaults', values: { redis: { url: 'redis://other:6379' } } });
    const templates = [defaults, other].map((each) => deploymentOf(find(each, 'Deployment', 'sluice-edge')).template);
    expect(templates[0]?.metadata.annotations).not.toEqual(templates[1]?.metadata.annotations);
  });

  it('the bundled Redis keeps its password whatever is configured, and rolls where its file changes', () => {
    const bundled = (values: object, options: object = {}) => {
      const objects = render({ ci: 'bundled-redis', values, ...options });
      const secret = find(objects, 'Secret', 'sluice-redis');
      const annotationsOf = (name: string) =>
        deploymentOf(find(objects, 'Deployment', name)).template.metadata.annotations;
      const { 'checksum/redis': redisSeen } = annotationsOf('sluice-edge');
      return {
        password: decoded(secret, 'redis-password'),
        file: decoded(secret, 'redis.conf'),
        rolls: annotationsOf('sluice-redis')['checksum/config'],
        redisSeen,
      };
    };
    const before = bundled({});
    expect(before.file).toContain(`requirepass ${before.password}\n`);
    const keys = [{ accessKeyId: 'a', secretAccessKey: 'b', allow: ['*'] }];
    expect(bundled({ config: { log: { level: 'debug' }, auth: { keys } } })).toEqual(before);
    const larger = bundled({ redis: { bundled: { resources: { limits: { memory: '1Gi' } } } } });
    expect(larger).toEqual({ ...before, file: larger.file, rolls: larger.rolls });
    expect(larger.rolls).not.toBe(before.rolls);
    const elsewhere = bundled({}, { namespace: 'blue' });
    for (const key of ['password', 'rolls', 'redisSeen'] as const) expect(elsewhere[key], key).not.toBe(before[key]);
  });

  it('an existing Secret has the whole URL, or the password of what other values name', () => {
    const existingSecret = 'credentials';
    const whole = render({ values: { redis: { existingSecret } } });
    expect(variableOf(whole, 'SLUICE_REDIS_URL')).toEqual({ name: existingSecret, key: 'redis-url' });
    expect(variableOf(whole, 'SLUICE_REDIS_PASSWORD')).toBeUndefined();
    const part = render({ values: { redis: { existingSecret, host: 'redis' } } });
    expect(variableOf(part, 'SLUICE_REDIS_PASSWORD')).toEqual({ name: existingSecret, key: 'redis-password' });
    expect(variableOf(part, 'SLUICE_REDIS_URL')).toBeUndefined();
    const sentinel = render({ ci: 'sentinel' });
    expect(variableOf(sentinel, 'SLUICE_REDIS_PASSWORD')).toEqual({ name: 'redis-credentials', key: 'password' });
    expect(variableOf(sentinel, 'SLUICE_REDIS_SENTINEL_PASSWORD')?.key).toBe('sentinel-password');
  });

  it('files with keys are mounted, and named by their variables', () => {
    const edge = find(render({ ci: 'ha' }), 'Deployment', 'sluice-edge');
    expect(variablesOf(edge)).toMatchObject({
      SLUICE_AUTH_KEYS_FILE: '/etc/sluice-secrets/auth-keys/auth-keys.yaml',
      SLUICE_API_KEYS_FILE: '/etc/sluice-secrets/api-keys/api-keys.yaml',
      SLUICE_AWS_CREDENTIALS_FILE: '/etc/sluice-secrets/aws-credentials/aws-credentials.yaml',
    });
    const volumes = deploymentOf(edge).template.spec.volumes;
    expect(volumes.find(({ name }) => name === 'auth-keys')?.secret).toMatchObject({
      secretName: 'sluice-keys',
      items: [{ key: 'auth-keys.yaml', path: 'auth-keys.yaml' }],
    });
  });

  it('headers of the collector, which hold its token, come from a Secret', () => {
    expect(variableOf(render({ ci: 'ha' }), 'OTEL_EXPORTER_OTLP_HEADERS')).toEqual({
      name: 'collector-headers',
      key: 'otlp-headers',
    });
  });
});

it('a process that is switched off leaves nothing behind', () => {
  const without = render({ values: { redis, callback: { enabled: false } } });
  expect(without.filter(({ metadata }) => metadata.name.includes('callback'))).toEqual([]);
  expect(render({ ci: 'all-off' }).map(({ kind }) => kind)).toEqual(['Secret']);
});
