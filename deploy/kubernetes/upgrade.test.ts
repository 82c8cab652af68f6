import { connectClient, type WebSocketClient, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ApiProxy, Namespace } from './cluster.js';
import { chart, components, gatewayConfig, release, releaseAddresses, releaseValues } from './release.js';
import { addRow } from './results.js';
import { expectUnharmed, underTraffic } from './traffic.js';

const namespace = new Namespace(inject('namespace'));
const image = inject('image');
let proxy: ApiProxy;

beforeAll(async () => {
  proxy = await ApiProxy.start();
});
afterAll(() => proxy.stop());

async function podNames(): Promise<string[]> {
  const pods = (await Promise.all(components.map((component) => namespace.pods(component)))).flat();
  return pods.map(({ metadata }) => metadata.name).sort();
}

/** How often each pod has taken its configuration, in the order of the pods' names. */
async function configVersions(): Promise<number[]> {
  const names = await podNames();
  return Promise.all(
    names.map(async (name) => {
      const text = await (await fetch(proxy.url(namespace.name, 'pods', `${name}:8081`, '/metrics'))).text();
      return Number(/^sluice_config_version(?:\{[^}]*\})? (\d+)/m.exec(text)?.[1]);
    }),
  );
}

/** The same when the last pods of the old revision are on their way out: Helm waits only for those of the new one. */
async function rolledPodNames(): Promise<string[]> {
  await Promise.all(components.map((component) => namespace.rolledOut(`${release}-${component}`)));
  return podNames();
}

/** What the route `whoami` of the API answers; a change of it is a change of `config.apis`. */
async function whoami(client: WebSocketClient): Promise<string> {
  client.send({ action: 'whoami' });
  return client.next();
}

function changedApis(): ReturnType<typeof gatewayConfig> {
  const config = gatewayConfig();
  const text = JSON.stringify(config).replace('{\\"connectionId\\":', '{\\"revision\\":2,\\"connectionId\\":');
  return JSON.parse(text) as typeof config;
}

const upgrade = (config: object) =>
  namespace.helmWithValues(releaseValues(image, config), 'upgrade', release, chart, '--wait', '--timeout', '180s');

describe('helm upgrade', () => {
  it('with a change of config.apis is taken over by the running pods, and helm rollback takes it back', async () => {
    const before = await podNames();
    const addresses = await releaseAddresses(namespace);
    const client = await connectClient(`${addresses.client}?run=upgrade`);
    expect(await whoami(client)).not.toContain('revision');
    const versions = await configVersions();
    const taken = async (what: string, takeovers: number) => {
      const startedAt = performance.now();
      const wanted = versions.map((version) => version + takeovers);
      // The kubelet brings a changed Secret within its sync period and the time that it caches one, two minutes together.
      await waitFor(what, async () => String(await configVersions()) === String(wanted), 150_000);
      addRow({ step: what, seconds: (performance.now() - startedAt) / 1000 });
    };
    const change = async () => {
      await upgrade(changedApis());
      await taken('until all pods had taken the change of config.apis', 1);
      expect(await whoami(client)).toContain('revision');
      await namespace.helm('rollback', release, '--wait', '--timeout', '180s');
      await taken('until all pods had taken its rollback', 2);
      expect(await whoami(client)).not.toContain('revision');
    };
    const outcome = await underTraffic({ namespace, proxy, step: 'helm upgrade of config.apis, and rollback' }, change);
    expectUnharmed(outcome);
    expect(outcome.fleet.closes).toEqual({ 1000: 20 });
    expect(await podNames()).toEqual(before);
    await client.close(1000);
  });

  it('with a change elsewhere in config rolls every pod, and helm rollback rolls them back, unharmed', async () => {
    const before = await podNames();
    const config = { ...gatewayConfig(), log: { level: 'warn' } };
    const change = async () => {
      await upgrade(config);
      const changed = await rolledPodNames();
      expect(changed.filter((name) => before.includes(name))).toEqual([]);
      await namespace.helm('rollback', release, '--wait', '--timeout', '180s');
      expect((await rolledPodNames()).filter((name) => changed.includes(name))).toEqual([]);
    };
    expectUnharmed(await underTraffic({ namespace, proxy, step: 'helm upgrade that rolls, and rollback' }, change));
  });

  it('with a value that the schema does not know is refused, and nothing has changed', async () => {
    const values = { ...releaseValues(image), edge: { replicas: 3 } };
    const { code, stderr } = await namespace.tryHelm(values, 'upgrade', release, chart);
    expect(code).not.toBe(0);
    expect(stderr).toContain('replicas');
  });
});
