import { waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ApiProxy, Namespace, type Pod } from './cluster.js';
import type { Fleet } from './fleet.js';
import { managementClient, post } from './posts.js';
import { components, release, releaseAddresses } from './release.js';
import { addRow } from './results.js';
import { expectUnharmed, underTraffic } from './traffic.js';

const namespace = new Namespace(inject('namespace'));
let proxy: ApiProxy;

beforeAll(async () => {
  proxy = await ApiProxy.start();
});
afterAll(() => proxy.stop());

const podName = ({ metadata }: Pod) => metadata.name;

/** Deletes a pod as if its node had been lost: no SIGTERM, no grace. */
async function deleteByForce(component: string): Promise<void> {
  const [first] = await namespace.pods(component);
  if (first === undefined) throw new Error(`there is no pod of ${component}`);
  await namespace.tryKubectl('delete', 'pod', podName(first), '--grace-period=0', '--force');
}

async function restarts(): Promise<[string, number][]> {
  const pods = (await Promise.all(components.map((component) => namespace.pods(component)))).flat();
  return pods.map((pod) => [podName(pod), pod.status.containerStatuses?.[0]?.restartCount ?? 0]);
}

describe('[K1] an edge pod deleted by force', () => {
  it('its connections answer 410 within 15 s, and each gets its $disconnect within 60 s', async () => {
    const addresses = await releaseAddresses(namespace);
    const management = managementClient(addresses.management);
    let goneSeconds = 0;
    const kill = async (fleet: Fleet) => {
      const before = new Set(fleet.connected.map(({ connectionId }) => connectionId as string));
      await deleteByForce('edge');
      const ended = () => [...before].filter((id) => fleet.clients.some(({ endedIds }) => endedIds.has(id)));
      await waitFor('the sockets of the pod to break', () => ended().length > 0, 15_000);
      // Only now: the kubelet takes its time to do what the API server has been told.
      const startedAt = performance.now();
      // No new one may come here afterwards: it is waited until every old connection has one outcome or the other.
      await waitFor(
        '410 for each of them',
        async () => (await Promise.all(ended().map((id) => post(management, id, 'x')))).every((each) => each === 410),
        15_000,
      );
      goneSeconds = (performance.now() - startedAt) / 1000;
      await namespace.rolledOut(`${release}-edge`);
    };
    const { fleet, posts } = await underTraffic({ namespace, proxy, step: 'an edge pod deleted by force' }, kill);
    management.destroy();
    expect(goneSeconds).toBeLessThan(15);
    expect(fleet.closes['1006'] ?? 0).toBeGreaterThan(0);
    expect(fleet.faults).toEqual([]);
    expect(fleet.lost).toBe(0);
    expect(posts.untruthful).toEqual([]);
    addRow({ step: 'until its connections answered 410', seconds: goneSeconds });
  });
});

describe('[K2] a router pod deleted by force', () => {
  it('nothing is lost, and no client notices', async () => {
    const kill = async () => {
      await deleteByForce('router');
      await namespace.rolledOut(`${release}-router`);
    };
    const outcome = await underTraffic({ namespace, proxy, step: 'a router pod deleted by force' }, kill);
    expectUnharmed(outcome);
    expect(outcome.fleet.closes['1001']).toBeUndefined();
  });
});

/** Gateways, still the ones they were, answering again. */
async function serviceResumes(fleet: Fleet, before: [string, number][]): Promise<number> {
  const startedAt = performance.now();
  const answered = fleet.clients.map(({ seen }) => seen.answered);
  await waitFor(
    'an answer to each client',
    () => fleet.clients.every(({ seen }, at) => seen.answered > (answered[at] ?? 0)),
    60_000,
  );
  expect(await restarts()).toEqual(before);
  return (performance.now() - startedAt) / 1000;
}

describe('[R1] Redis restarted', () => {
  it('its container, with its data: service resumes with no restart of a gateway and no socket closed', async () => {
    const before = await restarts();
    const restart = async (fleet: Fleet) => {
      const [redis] = await namespace.list<Pod>('pods', 'app=redis');
      await namespace.tryKubectl('exec', 'deployment/redis', '--', 'sh', '-c', 'redis-cli shutdown nosave force; true');
      await waitFor(
        'the container to be started again',
        async () => {
          const { status } = await namespace.get<Pod>('pod', podName(redis as Pod));
          const [container] = status.containerStatuses ?? [];
          return container?.restartCount === 1 && container.ready;
        },
        60_000,
      );
      const seconds = await serviceResumes(fleet, before);
      expect(seconds).toBeLessThan(30);
      addRow({ step: 'until every client had an answer again', seconds });
    };
    const { fleet, posts } = await underTraffic(
      { namespace, proxy, step: 'the Redis container restarted (AOF kept)' },
      restart,
    );
    expect(fleet.faults).toEqual([]);
    // What could not be accepted was refused with an error frame; what was accepted is there.
    expect(fleet.refused).toBeGreaterThan(0);
    expect(fleet.lost).toBe(0);
    expect(fleet.closes).toEqual({ 1000: 20 });
    expect(posts.untruthful).toEqual([]);
  });

  it('its pod, which comes back empty: service resumes with no restart of a gateway and no socket closed', async () => {
    const before = await restarts();
    const replace = async (fleet: Fleet) => {
      await namespace.kubectl('delete', 'pod', '--selector', 'app=redis');
      await namespace.rolledOut('redis');
      const seconds = await serviceResumes(fleet, before);
      expect(seconds).toBeLessThan(30);
      addRow({ step: 'until every client had an answer again', seconds });
    };
    const { fleet, posts } = await underTraffic(
      { namespace, proxy, step: 'the Redis pod replaced (data lost)' },
      replace,
    );
    expect(fleet.faults).toEqual([]);
    expect(fleet.closes).toEqual({ 1000: 20 });
    expect(posts.untruthful).toEqual([]);
  });
});
