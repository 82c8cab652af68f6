// Who reaches what: Services, Ingress, routes, policies, and what Prometheus scrapes.
import { describe, expect, it } from 'vitest';
import { find, podsOf, render } from './chart.js';
import { containerOf, type KubernetesObject, serviceOf } from './objects.js';

const redis = { url: 'redis://redis.example:6379' };
const selectorOf = (component: string) => ({
  'app.kubernetes.io/name': 'sluice',
  'app.kubernetes.io/instance': 'sluice',
  'app.kubernetes.io/component': component,
});

describe('Services', () => {
  const services = render({ ci: 'defaults' }).filter(({ kind }) => kind === 'Service');

  it('are a public one for what is called, and a headless one of the admin port for each process', () => {
    const shape = services.map((object) => {
      const { type, clusterIP, ports } = serviceOf(object);
      return [object.metadata.name, type, clusterIP, ports.map(({ name, port }) => `${name} ${port}`).join()];
    });
    expect(shape.sort()).toEqual([
      ['sluice-callback', 'ClusterIP', undefined, 'http 8082'],
      ['sluice-callback-admin', 'ClusterIP', 'None', 'admin 8081'],
      ['sluice-edge', 'ClusterIP', undefined, 'http 8080'],
      ['sluice-edge-admin', 'ClusterIP', 'None', 'admin 8081'],
      ['sluice-router', 'ClusterIP', 'None', 'admin 8081'],
    ]);
  });

  it('show also pods that drain to whoever scrapes', () => {
    for (const name of ['sluice-edge-admin', 'sluice-router', 'sluice-callback-admin'])
      expect(find(services, 'Service', name).spec).toMatchObject({ publishNotReadyAddresses: true });
    expect(find(services, 'Service', 'sluice-edge').spec['publishNotReadyAddresses']).toBeUndefined();
  });

  it('say http, and WebSocket of the edge behind a Gateway', () => {
    const protocolOf = (objects: KubernetesObject[], name: string) =>
      serviceOf(find(objects, 'Service', name)).ports[0]?.appProtocol;
    expect(protocolOf(services, 'sluice-edge')).toBe('http');
    const gateway = render({ ci: 'gateway-api' });
    expect(protocolOf(gateway, 'sluice-edge')).toBe('kubernetes.io/ws');
    expect(protocolOf(gateway, 'sluice-callback')).toBe('http');
  });

  it('have a further port of the edge for load balancers that speak the PROXY protocol', () => {
    const proxyProtocol = { port: 8083, trustedProxies: ['10.0.0.0/8'] };
    const values = { redis, config: { edge: { proxyProtocol } }, edge: { service: { proxyPort: 443 } } };
    const objects = render({ values: { ...values, networkPolicy: { enabled: true } } });
    expect(
      serviceOf(find(objects, 'Service', 'sluice-edge')).ports.map(({ port, targetPort }) => [port, targetPort]),
    ).toEqual([
      [8080, 'http'],
      [443, 'proxy'],
    ]);
    const ports = containerOf(find(objects, 'Deployment', 'sluice-edge')).ports.map(
      ({ containerPort }) => containerPort,
    );
    expect(ports).toEqual([8080, 8083, 8081]);
    expect(JSON.stringify(find(objects, 'NetworkPolicy', 'sluice-edge').spec)).toContain('"port":"proxy"');
    expect(JSON.stringify(find(objects, 'NetworkPolicy', 'sluice-callback').spec)).not.toContain('"port":"proxy"');
  });

  it('become a NodePort where that is asked for', () => {
    const values = { redis, edge: { service: { type: 'NodePort', port: 80, nodePort: 30_080 } } };
    expect(find(render({ values }), 'Service', 'sluice-edge').spec).toMatchObject({
      type: 'NodePort',
      ports: [{ name: 'http', port: 80, targetPort: 'http', nodePort: 30_080 }],
    });
  });
});

describe('the outside', () => {
  it('an Ingress leads to the edge, and a path to the callback service where one is named', () => {
    const { spec } = find(render({ ci: 'ingress' }), 'Ingress', 'sluice');
    const backend = (name: string) => ({ service: { name, port: { name: 'http' } } });
    expect(spec).toMatchObject({
      ingressClassName: 'nginx',
      rules: [
        {
          host: 'ws.example.com',
          http: { paths: [{ path: '/', pathType: 'Prefix', backend: backend('sluice-edge') }] },
        },
        { host: 'callback.example.com', http: { paths: [{ path: '/prod', backend: backend('sluice-callback') }] } },
      ],
    });
  });

  it('routes lead to the edge and to the callback service, each by its own Gateway', () => {
    const objects = render({ ci: 'gateway-api' });
    const edge = find(objects, 'HTTPRoute', 'sluice-edge').spec;
    expect(edge).toMatchObject({
      parentRefs: [{ name: 'public', namespace: 'gateways', sectionName: 'https' }],
      hostnames: ['ws.example.com'],
      rules: [{ backendRefs: [{ name: 'sluice-edge', port: 8080 }], timeouts: { request: '0s' } }],
    });
    expect(find(objects, 'HTTPRoute', 'sluice-callback').spec).toMatchObject({
      parentRefs: [{ name: 'internal' }],
      rules: [{ backendRefs: [{ name: 'sluice-callback', port: 8082 }] }],
    });
  });

  it('a route has no timeouts unless they are asked for: some controllers refuse the field', () => {
    const values = { redis, gatewayApi: { enabled: true, parentRefs: [{ name: 'public' }] } };
    const { rules } = find(render({ values }), 'HTTPRoute', 'sluice-edge').spec as { rules: object[] };
    expect(rules.map((rule) => Object.keys(rule))).toEqual([['backendRefs']]);
  });
});

interface Policy {
  podSelector: { matchLabels: Record<string, string> };
  policyTypes: string[];
  ingress?: { from?: unknown[]; ports: { port: unknown }[] }[];
  egress?: { to?: unknown[]; ports?: { port: unknown; protocol: string }[] }[];
}

describe('NetworkPolicies', () => {
  const policyOf = (objects: KubernetesObject[], name: string) =>
    find(objects, 'NetworkPolicy', name).spec as unknown as Policy;
  const on = { redis, networkPolicy: { enabled: true } };
  const objects = render({ values: on });

  it('are off by default', () => {
    expect(render({ ci: 'defaults' }).filter(({ kind }) => kind === 'NetworkPolicy')).toEqual([]);
  });

  it('select every pod of the release, whose traffic is refused unless a policy allows it', () => {
    const everything = render({ ci: 'bundled-redis' });
    const deny = policyOf(everything, 'sluice-default-deny');
    expect([deny.ingress, deny.egress, deny.policyTypes]).toEqual([undefined, undefined, ['Ingress', 'Egress']]);
    expect(Object.keys(deny.podSelector.matchLabels)).toEqual(['app.kubernetes.io/name', 'app.kubernetes.io/instance']);
    const policies = everything.filter(({ kind }) => kind === 'NetworkPolicy').map(({ metadata }) => metadata.name);
    const pods = podsOf(everything).map(({ name }) => name.split(' ')[1]);
    expect(policies.filter((name) => name !== 'sluice-default-deny').sort()).toEqual(pods.sort());
  });

  it('open the public port to everybody, and the admin port to the release and the monitoring namespace', () => {
    const [admin, open, ...others] = policyOf(objects, 'sluice-edge').ingress ?? [];
    expect(others).toEqual([]);
    expect(open).toEqual({ ports: [{ port: 'http', protocol: 'TCP' }] });
    expect(admin?.ports).toEqual([{ port: 'admin', protocol: 'TCP' }]);
    expect(admin?.from).toEqual([
      { podSelector: { matchLabels: { 'app.kubernetes.io/name': 'sluice', 'app.kubernetes.io/instance': 'sluice' } } },
      { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } },
    ]);
    expect(policyOf(objects, 'sluice-router').ingress).toEqual([admin]);
  });

  it('let processes reach DNS, Redis and integrations, but no metadata service', () => {
    const egress = policyOf(objects, 'sluice-router').egress ?? [];
    const ports = egress.map((rule) => (rule.ports ?? []).map(({ port, protocol }) => `${port}/${protocol}`).join());
    expect(ports).toEqual(['53/UDP,53/TCP', '6379/TCP', '']);
    const [four, six] = (egress[2]?.to ?? []) as { ipBlock: { cidr: string; except: string[] } }[];
    expect(four?.ipBlock).toMatchObject({ cidr: '0.0.0.0/0' });
    expect(four?.ipBlock.except).toContain('169.254.0.0/16');
    expect(six?.ipBlock).toEqual({ cidr: '::/0', except: ['fe80::/10', 'fd00:ec2::254/128'] });
    // The callback service calls nobody.
    expect(policyOf(objects, 'sluice-callback').egress).toEqual(egress.slice(0, 2));
  });

  it.each([
    [{ redis: { url: 'rediss://user:password@redis.example:6390/1' } }, ['6390']],
    [{ redis: { url: 'redis://redis.example' } }, ['6379']],
    [{ redis: { url: 'redis://10.0.0.5' } }, ['6379']],
    [{ redis: { url: 'redis://redis-1' } }, ['6379']],
    [{ redis: { url: 'redis://redis-1:7000/2' } }, ['7000']],
    [{ redis: { url: 'redis://user:p4@redis-1/2' } }, ['6379']],
    [{ redis: { url: 'redis://user:1234@10.0.0.5:7000/2' } }, ['7000']],
    [{ redis: { url: 'redis://[::1]:6380' } }, ['6380']],
    [{ redis: { url: 'redis://[::1]' } }, ['6379']],
    [{ redis: { host: 'redis', port: 7000 } }, ['7000']],
    [{ redis: { mode: 'cluster', nodes: ['a:7001', 'b:7002', 'c:7001'] } }, ['7001', '7002']],
    [{ redis: { mode: 'sentinel', nodes: ['a:26379'] } }, ['26379', '6379']],
    [{ redis: { existingSecret: 'url' }, networkPolicy: { enabled: true, redis: { ports: [7003] } } }, ['7003']],
  ])('know the ports of Redis: %j', (values, expected) => {
    const rules = policyOf(render({ values: { networkPolicy: { enabled: true }, ...values } }), 'sluice-edge').egress;
    expect(rules?.[1]?.ports?.map(({ port }) => String(port))).toEqual(expected);
  });

  it('let integrations be reached nowhere where their list is empty, instead of everywhere', () => {
    const values = { redis, networkPolicy: { enabled: true, integrations: [] } };
    for (const component of ['edge', 'router']) {
      const egress = policyOf(render({ values }), `sluice-${component}`).egress ?? [];
      expect(egress.map(({ ports }) => ports?.map(({ port }) => port))).toEqual([[53, 53], [6379]]);
    }
  });

  it.each([
    ['http://collector:14318', {}, 14318],
    ['https://user:1@collector-2/otlp', {}, 443],
    ['http://10.0.0.5', {}, 80],
    ['http://collector:14318', { port: 4319 }, 4319],
  ])('know the port of the collector %s', (endpoint, tracing, port) => {
    const values = { redis, tracing: { endpoint }, networkPolicy: { enabled: true, tracing } };
    expect(policyOf(render({ values }), 'sluice-callback').egress?.[2]).toEqual({ ports: [{ port, protocol: 'TCP' }] });
  });

  it('let the test pod in beside those who are named, and nobody else where it is off', () => {
    const from = [{ ipBlock: { cidr: '10.1.0.0/16' } }];
    const networkPolicy = { enabled: true, edgeFrom: from, callbackFrom: from };
    const test = { podSelector: { matchLabels: selectorOf('test') } };
    const on = render({ values: { redis, networkPolicy } });
    const off = render({
      values: { redis, networkPolicy, tests: { enabled: false }, config: { auth: { callback: 'none' } } },
    });
    for (const name of ['sluice-edge', 'sluice-callback']) {
      expect(policyOf(on, name).ingress?.[1]?.from).toEqual([...from, test]);
      expect(policyOf(off, name).ingress?.[1]?.from).toEqual(from);
    }
    expect(find(on, 'Pod', 'sluice-test').metadata.labels).toMatchObject(test.podSelector.matchLabels);
    expect(policyOf(on, 'sluice-test').egress?.[1]).toMatchObject({
      to: [{ podSelector: { matchLabels: { 'app.kubernetes.io/instance': 'sluice' } } }],
      ports: [{ port: 'http' }],
    });
  });

  it('let the test pod reach the public ports, and nothing else', () => {
    const test = policyOf(objects, 'sluice-test');
    expect(test.ingress).toBeUndefined();
    expect(test.egress?.map(({ ports }) => ports?.map(({ port }) => port))).toEqual([[53, 53], ['http']]);
  });

  it('let only the release reach the bundled Redis', () => {
    const bundled = policyOf(render({ ci: 'bundled-redis' }), 'sluice-redis');
    expect([bundled.egress, bundled.ingress?.length, bundled.ingress?.[0]?.from?.length]).toEqual([undefined, 1, 1]);
  });
});

describe('scraping', () => {
  it('a ServiceMonitor finds the admin port of every process, and names the release', () => {
    const { metadata, spec } = find(render({ ci: 'all-on' }), 'ServiceMonitor', 'everything');
    expect([metadata.namespace, metadata.labels['release']]).toEqual(['monitoring', 'prometheus']);
    expect(spec).toMatchObject({
      namespaceSelector: { matchNames: ['gateways'] },
      endpoints: [{ port: 'admin', path: '/metrics', interval: '30s', scrapeTimeout: '10s' }],
    });
    const { endpoints, selector } = spec as {
      endpoints: { relabelings: object[] }[];
      selector: { matchLabels: object; matchExpressions: object[] };
    };
    expect(endpoints[0]?.relabelings).toContainEqual({
      action: 'replace',
      replacement: 'sluice',
      targetLabel: 'release',
    });
    expect(selector.matchLabels).toEqual({
      'app.kubernetes.io/name': 'gateway',
      'app.kubernetes.io/instance': 'sluice',
    });
  });

  it('a PodMonitor does the same by pods', () => {
    expect(find(render({ ci: 'pod-monitor' }), 'PodMonitor', 'sluice').spec).toMatchObject({
      podMetricsEndpoints: [{ port: 'admin', path: '/metrics', interval: '15s' }],
      podTargetLabels: ['app.kubernetes.io/component'],
    });
  });
});

describe('names', () => {
  it('begin with the release, and say sluice once', () => {
    const deployments = (release: string) =>
      render({ ci: 'defaults', release })
        .filter(({ kind }) => kind === 'Deployment')
        .map(({ metadata }) => metadata.name);
    expect(deployments('sluice')).toEqual(['sluice-callback', 'sluice-edge', 'sluice-router']);
    expect(deployments('blue')).toEqual(['blue-sluice-callback', 'blue-sluice-edge', 'blue-sluice-router']);
    expect(deployments('my-sluice')).toEqual(['my-sluice-callback', 'my-sluice-edge', 'my-sluice-router']);
  });

  it('fit into 63 characters for the longest release that Helm takes', () => {
    const objects = render({ ci: 'bundled-redis', release: 'r'.repeat(53) });
    expect(objects.filter(({ metadata }) => metadata.name.length > 63)).toEqual([]);
    expect(new Set(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).size).toBe(objects.length);
  });

  it('of two releases in a namespace do not meet, and neither do their selectors', () => {
    const namesOf = (release: string) =>
      render({ ci: 'bundled-redis', release }).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(namesOf('blue').filter((name) => namesOf('green').includes(name))).toEqual([]);
    expect(find(render({ ci: 'defaults', release: 'blue' }), 'Service', 'blue-sluice-edge').spec['selector']).toEqual({
      ...selectorOf('edge'),
      'app.kubernetes.io/instance': 'blue',
    });
  });
});
