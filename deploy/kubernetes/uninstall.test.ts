import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Namespace, type Pod } from './cluster.js';
import { redisObjects } from './redis-server.js';
import { install, release, releaseValues } from './release.js';

const namespace = new Namespace(`${inject('namespace')}-gone`);

beforeAll(async () => {
  await namespace.create();
  await namespace.apply(...redisObjects(inject('redisImage')));
  await namespace.rolledOut('redis');
});
afterAll(() => namespace.delete());

/** Every object of the namespace that carries the release's label, of every kind that the API server lists. */
async function objectsOfRelease(): Promise<string[]> {
  const kinds = await namespace.kubectl('api-resources', '--verbs=list', '--namespaced', '--output=name');
  const listable = kinds
    .trim()
    .split('\n')
    .filter((kind) => !/^events/.test(kind) && !/\.metrics\.k8s\.io$/.test(kind));
  const labels = ['app.kubernetes.io/instance', 'name'].map((label) => `${label}=${release}`);
  const listed = await Promise.all(
    labels.map((selector) =>
      namespace.kubectl('get', listable.join(','), '--selector', selector, '--output=name', '--ignore-not-found'),
    ),
  );
  return listed
    .join('\n')
    .split('\n')
    .filter((line) => line !== '');
}

describe('helm uninstall', () => {
  it('leaves no object behind, and in Redis only what the docs say', async () => {
    const values = releaseValues(inject('image')) as Record<string, object>;
    const one = (component: string) => ({ ...values[component], replicaCount: 1 });
    await install(namespace, { ...values, edge: one('edge'), router: one('router'), callback: one('callback') });
    expect((await objectsOfRelease()).length).toBeGreaterThan(8);
    await namespace.helm('uninstall', release, '--wait', '--timeout', '120s');
    const pods = await namespace.list<Pod>('pods', `app.kubernetes.io/instance=${release}`);
    for (const { metadata } of pods)
      await namespace.kubectl('wait', '--for=delete', `pod/${metadata.name}`, '--timeout=90s');
    expect(await objectsOfRelease()).toEqual([]);
    const keys = await namespace.kubectl('exec', 'deployment/redis', '--', 'redis-cli', '--scan');
    const left = keys
      .trim()
      .split('\n')
      .filter((key) => key !== '');
    // As docs/operate/rollouts.md has it: no connection, no lease, no inbox is left.
    const documented =
      /^(?:\{sluice:frames:\d+\}$|\{sluice:jobs\}:|sluice:connections-birth$|sluice:node-slot-counter$)/;
    expect(left.length).toBeGreaterThan(0);
    expect(left.filter((key) => !documented.test(key))).toEqual([]);
  });
});
