import type { TestProject } from 'vitest/node';
import { Namespace } from './cluster.js';
import { backEndObjects } from './load-back-end.js';
import { redisObjects } from './redis-server.js';
import { install, releaseValues } from './release.js';

declare module 'vitest' {
  interface ProvidedContext {
    namespace: string;
    image: string;
    redisImage: string;
    /** What helm and kubectl said on stderr while everything was installed. */
    installWarnings: string[];
    installSeconds: number;
  }
}

/**
 * One namespace for the whole suite, with Redis, a back end and the release, since an installation takes half a minute. Each
 * test file leaves the release as it found it.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const image = process.env['SLUICE_TEST_IMAGE'] ?? '';
  const redisImage = process.env['SLUICE_TEST_REDIS_IMAGE'] ?? '';
  if (image === '' || redisImage === '') throw new Error('start these tests with: npm run test:kubernetes');
  const namespace = new Namespace(process.env['SLUICE_TEST_NAMESPACE'] ?? 'sluice-test');
  await namespace.create();
  const startedAt = performance.now();
  await namespace.apply(...redisObjects(redisImage), ...backEndObjects(image));
  await Promise.all([namespace.rolledOut('redis'), namespace.rolledOut('back-end')]);
  await install(namespace, releaseValues(image));
  project.provide('namespace', namespace.name);
  project.provide('image', image);
  project.provide('redisImage', redisImage);
  project.provide('installWarnings', namespace.warnings);
  project.provide('installSeconds', (performance.now() - startedAt) / 1000);
  return async () => {
    if (process.env['SLUICE_TEST_KEEP'] === undefined) await namespace.delete();
  };
}
