import { waitFor } from '@sluice/testkit';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { type KubernetesObject, Namespace, run } from './cluster.js';
import { chart, drainedLabel, release, releaseValues } from './release.js';

const namespace = new Namespace(inject('namespace'));
const image = inject('image');

interface Conditioned extends KubernetesObject {
  status: {
    currentReplicas?: number;
    conditions?: { type: string; status: string; reason: string; message: string }[];
  };
}

/** Asks for the eviction of a pod as `kubectl drain` does; the API server's answer. */
async function evict(pod: string): Promise<string> {
  const path = `/api/v1/namespaces/${namespace.name}/pods/${pod}/eviction`;
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod, namespace: namespace.name } };
  const { code, stderr } = await run('kubectl', ['create', '--raw', path, '-f', '-'], JSON.stringify(eviction));
  return code === 0 ? 'evicted' : stderr;
}

describe('a PodDisruptionBudget', () => {
  it('lets one pod of a process go, and refuses the next until it is replaced', async () => {
    const [first, second] = await namespace.pods('router');
    expect(await evict(first?.metadata.name ?? '')).toBe('evicted');
    expect(await evict(second?.metadata.name ?? '')).toMatch(/disruption budget/);
    await namespace.rolledOut(`${release}-router`);
  });

  it('stops kubectl drain of the node from taking more than one pod of each process', async () => {
    const nodes = (await namespace.list('nodes')).map(({ metadata }) => metadata.name);
    const node = nodes[0] ?? '';
    // Only as a question where there are several nodes: a drain of one would leave the pods somewhere to go.
    const { code, stdout, stderr } = await namespace.tryKubectl(
      'drain',
      node,
      '--ignore-daemonsets',
      '--delete-emptydir-data',
      `--pod-selector=${drainedLabel}=callback`,
      '--timeout=12s',
    );
    await run('kubectl', ['uncordon', node]);
    await namespace.rolledOut(`${release}-callback`);
    if (nodes.length > 1) return;
    expect(code, stdout).not.toBe(0);
    expect(`${stdout}${stderr}`).toMatch(/violate the pod's disruption budget/);
  });
});

describe('a HorizontalPodAutoscaler', () => {
  afterAll(() => namespace.tryHelm(releaseValues(image), 'upgrade', release, chart, '--wait', '--timeout', '180s'));

  it('is accepted, takes the replicas over as they are, and says what it lacks', async () => {
    const values = releaseValues(image) as { edge: object };
    const autoscaled = { ...values, edge: { ...values.edge, autoscaling: { enabled: true } } };
    await namespace.helmWithValues(autoscaled, 'upgrade', release, chart, '--wait', '--timeout', '180s');
    const scaler = await waitFor(
      'the autoscaler to have looked',
      async () => {
        const found = await namespace.get<Conditioned>('horizontalpodautoscaler', `${release}-edge`);
        return found.status.conditions?.some(({ type }) => type === 'ScalingActive') && found;
      },
      60_000,
    );
    const active = scaler.status.conditions?.find(({ type }) => type === 'ScalingActive');
    expect(scaler.status.currentReplicas).toBe(2);
    const deployment = await namespace.get<KubernetesObject>('deployment', `${release}-edge`);
    expect(deployment.spec['replicas']).toBe(2);
    // Whether the cluster has a metrics server is its own affair; without one it must say so, and scale nothing.
    if (active?.status === 'False') expect(active.message).toMatch(/metrics/);
  });
});
