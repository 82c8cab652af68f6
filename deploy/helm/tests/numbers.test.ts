// Numbers that follow from one another: grace periods, Node's heap, targets of autoscalers.
import { describe, expect, it } from 'vitest';
import { find, render } from './chart.js';
import { containerOf, deploymentOf, variablesOf } from './objects.js';

const redis = { url: 'redis://redis.example:6379' };
const deployment = (component: string, values: object) =>
  find(render({ values: { redis, ...values } }), 'Deployment', `sluice-${component}`);
const graceOf = (component: string, values: object) =>
  deploymentOf(deployment(component, values)).template.spec.terminationGracePeriodSeconds;

describe('the drain', () => {
  it('an edge has 90 s: 5 before SIGTERM, 5 of hold, 60 of window, 10 to settle, 10 in reserve', () => {
    const edge = deployment('edge', {});
    expect(graceOf('edge', {})).toBe(90);
    expect(containerOf(edge).lifecycle).toEqual({ preStop: { sleep: { seconds: 5 } } });
    expect(variablesOf(edge)).toMatchObject({
      SLUICE_DRAIN_HOLD_MS: '5000',
      SLUICE_DRAIN_WINDOW_MS: '60000',
      SLUICE_DRAIN_SETTLE_MS: '10000',
    });
  });

  it('a longer window has a longer grace period, and a longer one of the user holds', () => {
    const drain = { preStopSeconds: 15, holdSeconds: 1, windowSeconds: 600, settleSeconds: 4 };
    expect(graceOf('edge', { edge: { drain } })).toBe(630);
    expect(variablesOf(deployment('edge', { edge: { drain } }))).toMatchObject({ SLUICE_DRAIN_WINDOW_MS: '600000' });
    expect(graceOf('edge', { edge: { drain, terminationGracePeriodSeconds: 700 } })).toBe(700);
  });

  it.each([
    ['router', '35000', undefined],
    ['callback', '30000', { preStop: { sleep: { seconds: 5 } } }],
  ])('a %s has 45 s', (component, workMs, lifecycle) => {
    const object = deployment(component, {});
    expect(graceOf(component, {})).toBe(45);
    expect(variablesOf(object)['SLUICE_DRAIN_WORK_MS']).toBe(workMs);
    expect(containerOf(object).lifecycle).toEqual(lifecycle);
  });

  it("the user's own preStop counts instead of the one that follows from drain", () => {
    const sleeping = (seconds: number) => ({ lifecycle: { preStop: { sleep: { seconds } } } });
    expect(graceOf('edge', { edge: sleeping(60) })).toBe(145);
    expect(graceOf('router', { router: sleeping(20) })).toBe(65);
    const postStart = { postStart: { sleep: { seconds: 1 } } };
    expect(graceOf('edge', { edge: { lifecycle: postStart } })).toBe(85);
    const rules = { disableApiCheck: true, prometheusRule: { enabled: true } };
    const values = { redis, metrics: rules, edge: sleeping(60) };
    expect(JSON.stringify(find(render({ values }), 'PrometheusRule', 'sluice').spec)).toBe(
      JSON.stringify(find(render({ values: { ...values, edge: {} } }), 'PrometheusRule', 'sluice').spec),
    );
  });

  it('where Kubernetes cannot sleep, Node does', () => {
    const drain = { preStopSeconds: 7, preStopAction: 'exec' };
    expect(containerOf(deployment('edge', { edge: { drain } })).lifecycle?.preStop.exec?.command).toEqual([
      'node',
      '-e',
      'setTimeout(() => {}, 7000)',
    ]);
  });
});

describe("Node's heap", () => {
  const heapOf = (component: string, memory: string | number | null) =>
    variablesOf(deployment(component, { [component]: { resources: { limits: { memory } } } }))['NODE_OPTIONS'];

  it.each([
    ['1Gi', 512],
    ['1.5Gi', 768],
    ['768Mi', 384],
    ['524288Ki', 256],
    ['1G', 476],
    ['2000M', 953],
    [1073741824, 512],
    ['1e9', 476],
  ])('is half of the %s of an edge', (memory, mebibytes) => {
    expect(heapOf('edge', memory)).toBe(`--max-old-space-size=${mebibytes}`);
  });

  it.each(['router', 'callback'])('is three quarters of the memory of a %s', (component) => {
    expect(heapOf(component, '1Gi')).toBe('--max-old-space-size=768');
  });

  it('is left to Node where there is no limit', () => {
    expect(heapOf('edge', null)).toBeUndefined();
  });

  it('no process has a CPU limit by default', () => {
    for (const component of ['edge', 'router', 'callback']) {
      expect(Object.keys(containerOf(deployment(component, {})).resources.limits)).toEqual(['memory']);
    }
  });
});

describe('autoscalers', () => {
  const autoscaling = { enabled: true };

  it('an edge scales at 65 % of its sockets and by CPU, up at once and down one pod in five minutes', () => {
    const objects = render({ values: { redis, edge: { autoscaling, maxConnections: 20_000 } } });
    expect(find(objects, 'HorizontalPodAutoscaler', 'sluice-edge').spec).toMatchObject({
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'sluice-edge' },
      metrics: [
        { type: 'Pods', pods: { metric: { name: 'sluice_sockets' }, target: { averageValue: '13000' } } },
        { type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 70 } } },
      ],
      behavior: {
        scaleUp: { policies: [{ type: 'Percent', value: 100, periodSeconds: 30 }] },
        scaleDown: { stabilizationWindowSeconds: 1800, policies: [{ type: 'Pods', value: 1, periodSeconds: 300 }] },
      },
    });
    expect(variablesOf(find(objects, 'Deployment', 'sluice-edge'))['SLUICE_MAX_CONNECTIONS']).toBe('20000');
  });

  it('a router scales by the age of the oldest message and by lag', () => {
    const objects = render({ values: { redis, router: { autoscaling } }, namespace: 'blue' });
    const { metrics } = find(objects, 'HorizontalPodAutoscaler', 'sluice-router').spec as {
      metrics: { external: { metric: object; target: object } }[];
    };
    const selector = { matchLabels: { namespace: 'blue', release: 'sluice' } };
    expect(metrics.map(({ external }) => external)).toEqual([
      { metric: { name: 'sluice_stream_oldest_age_seconds', selector }, target: { type: 'Value', value: '5' } },
      { metric: { name: 'sluice_stream_lag', selector }, target: { type: 'AverageValue', averageValue: '500' } },
    ]);
  });

  it('of two releases in a namespace do not ask for the same metrics', () => {
    const asked = (values: object, kind: string) =>
      ['blue', 'green'].map((release) =>
        JSON.stringify(
          render({ values: { redis, router: values }, release })
            .filter((object) => object.kind === kind)
            .map(({ spec }) => spec['metrics'] ?? spec['triggers']),
        ),
      );
    const keda = { enabled: true, prometheus: { serverAddress: 'http://prometheus:9090' } };
    for (const [blue, green] of [asked({ autoscaling }, 'HorizontalPodAutoscaler'), asked({ keda }, 'ScaledObject')]) {
      expect(blue).toContain('sluice_stream_lag');
      expect(blue).not.toBe(green);
    }
  });

  it('KEDA asks Prometheus for the lag of this release', () => {
    const { spec } = find(render({ ci: 'keda' }), 'ScaledObject', 'sluice-router');
    expect(spec).toMatchObject({
      scaleTargetRef: { name: 'sluice-router' },
      triggers: [
        {
          type: 'prometheus',
          metadata: {
            serverAddress: 'http://prometheus.monitoring:9090',
            query: 'sum(max by (shard) (sluice_stream_lag{namespace="gateways",release="sluice"}))',
            threshold: '500',
          },
        },
      ],
    });
  });

  it('own the number of pods', () => {
    const keda = { enabled: true, prometheus: { serverAddress: 'http://prometheus:9090' } };
    const replicasOf = (component: string, values: object) => deploymentOf(deployment(component, values)).replicas;
    expect(replicasOf('edge', { edge: { autoscaling } })).toBeUndefined();
    expect(replicasOf('router', { router: { autoscaling } })).toBeUndefined();
    expect(replicasOf('callback', { callback: { autoscaling } })).toBeUndefined();
    expect(replicasOf('router', { router: { keda } })).toBeUndefined();
    expect(replicasOf('edge', { edge: { replicaCount: 0 } })).toBe(0);
  });
});
