import { connectClient } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ApiProxy, type KubernetesObject, Namespace } from './cluster.js';
import { managementClient, post } from './posts.js';
import { components, release, releaseAddresses } from './release.js';
import { addRow } from './results.js';

const namespace = new Namespace(inject('namespace'));
let proxy: ApiProxy;

beforeAll(async () => {
  proxy = await ApiProxy.start();
});
afterAll(() => proxy.stop());

describe('an installation', () => {
  it('is admitted by the restricted Pod Security standard without a warning', async () => {
    const { metadata } = await namespace.get<KubernetesObject>('namespace', namespace.name);
    expect(metadata.labels?.['pod-security.kubernetes.io/enforce']).toBe('restricted');
    expect(inject('installWarnings')).toEqual([]);
    addRow({ step: 'install, with Redis and a back end', seconds: inject('installSeconds') });
  });

  it('has two pods of each process, ready, none started twice', async () => {
    for (const component of components) {
      const pods = await namespace.pods(component);
      const states = pods.map(({ status }) =>
        status.containerStatuses?.map(({ ready, restartCount }) => [ready, restartCount]),
      );
      expect(states, component).toEqual([[[true, 0]], [[true, 0]]]);
    }
  });

  it('carries a chat through the edge Service, and a post of the AWS SDK through the callback Service', async () => {
    const addresses = await releaseAddresses(namespace);
    const client = await connectClient(`${addresses.client}?run=install`);
    client.send({ action: 'whoami' });
    const { connectionId } = JSON.parse(await client.next()) as { connectionId: string };
    client.send({ action: 'webhook', id: 'install.0.0', text: 'hello' });
    expect(JSON.parse(await client.next())).toMatchObject({ id: 'install.0.0', text: 'hello' });
    const management = managementClient(addresses.management);
    expect(await post(management, connectionId, 'pushed')).toBe(200);
    expect(await client.next()).toBe('pushed');
    await client.close(1000);
    expect(await post(management, connectionId, 'too late')).toBe(410);
    management.destroy();
  });

  it('offers health and metrics on the admin port of every process, and on no Service that is for others', async () => {
    for (const component of components) {
      for (const { metadata } of await namespace.pods(component)) {
        const address = proxy.url(namespace.name, 'pods', `${metadata.name}:8081`, '/metrics');
        expect(await (await fetch(address)).text()).toContain('sluice_build_info');
      }
      const services = await namespace.list<
        KubernetesObject & { spec: { clusterIP: string; ports: { port: number }[] } }
      >('services', `app.kubernetes.io/component=${component}`);
      for (const { metadata, spec } of services) {
        const isAdmin = spec.ports.some(({ port }) => port === 8081);
        if (isAdmin) expect(spec.clusterIP, metadata.name).toBe('None');
      }
    }
  });

  it('passes helm test, which cleans up after itself', async () => {
    const startedAt = performance.now();
    const said = await namespace.helm('test', release, '--timeout', '90s');
    const seconds = (performance.now() - startedAt) / 1000;
    expect(said).toMatch(/Phase:\s+Succeeded/);
    expect(seconds).toBeLessThan(60);
    addRow({ step: 'helm test', seconds });
    const left = (await namespace.list('pods')).filter(({ metadata }) => /test/.test(metadata.name));
    expect(left.map(({ metadata }) => metadata.name)).toEqual([]);
  });
});
