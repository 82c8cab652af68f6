import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ApiProxy, Namespace } from './cluster.js';
import { components, release } from './release.js';
import { expectUnharmed, underTraffic } from './traffic.js';

const namespace = new Namespace(inject('namespace'));
let proxy: ApiProxy;

beforeAll(async () => {
  proxy = await ApiProxy.start();
});
afterAll(() => proxy.stop());

/** Restarts deployments and waits until the old pods have gone, and not only until the new ones are there. */
async function restart(...named: string[]): Promise<void> {
  const deployments = named.map((component) => `deployment/${release}-${component}`);
  const before = new Set((await Promise.all(named.map((each) => namespace.pods(each)))).flat().map(podName));
  await namespace.kubectl('rollout', 'restart', ...deployments);
  await Promise.all(named.map((component) => namespace.rolledOut(`${release}-${component}`)));
  await Promise.all(
    [...before].map((pod) => namespace.kubectl('wait', '--for=delete', `pod/${pod}`, '--timeout=120s')),
  );
  const after = (await Promise.all(named.map((each) => namespace.pods(each)))).flat().map(podName);
  expect(after.filter((pod) => before.has(pod))).toEqual([]);
  expect(after).toHaveLength(before.size);
}

const podName = ({ metadata }: { metadata: { name: string } }) => metadata.name;

describe('a rolling update under load: 1001 and nothing else, nothing lost, every $disconnect', () => {
  const k6 = { connections: 100, rate: 100 };

  it.each(components)('of the %ss', async (component) => {
    const seconds = component === 'edge' ? 75 : 60;
    const options = { namespace, proxy, step: `rolling update of the ${component}s`, k6: { ...k6, seconds } };
    expectUnharmed(await underTraffic(options, () => restart(component)));
  });

  it('of all processes at once', async () => {
    const options = { namespace, proxy, step: 'rolling update of all at once', k6: { ...k6, seconds: 80 } };
    expectUnharmed(await underTraffic(options, () => restart(...components)));
  });
});
