import { defineConfig } from 'vitest/config';

// The `source` condition makes tests run the TypeScript of every workspace package itself, so that a unit test
// never meets a stale build. Tests that start whole processes use the build, which `npm test` makes first.
const resolve = { conditions: ['source'] };
const ssr = { resolve: { conditions: ['source'] } };

export default defineConfig({
  test: {
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: 'unit',
          include: [
            'packages/**/src/**/*.test.ts',
            'services/**/src/**/*.test.ts',
            'scripts/**/*.test.ts',
            'bench/src/**/*.test.ts',
            'fuzz/src/**/*.test.ts',
          ],
          testTimeout: 20_000,
          hookTimeout: 30_000,
          // Tests wait more than they work: four files at once keep two cores busy.
          maxWorkers: 4,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'gateway',
          include: ['test/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Each file runs up to six processes of its own.
          maxWorkers: 3,
        },
      },
      {
        resolve,
        ssr,
        test: {
          // The files of deploy/ and loadtest/, each executed by its real tool: Helm, kubeconform, promtool, Prometheus, k6.
          name: 'deploy',
          include: ['deploy/**/*.test.ts', 'loadtest/**/*.test.ts'],
          exclude: ['deploy/kubernetes/**', 'deploy/prometheus/alerts-fire.test.ts', 'deploy/grafana/queries.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
      {
        resolve,
        ssr,
        test: {
          // A real Prometheus over a real cluster: every alert fired by its fault, every panel's query under load. One at a time,
          // because they measure.
          name: 'alerts',
          include: ['deploy/prometheus/alerts-fire.test.ts', 'deploy/grafana/queries.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
          fileParallelism: false,
        },
      },
      {
        resolve,
        ssr,
        test: {
          // On the cluster that KUBECONFIG names; `npm run test:kubernetes` prepares and starts it.
          name: 'kubernetes',
          include: ['deploy/kubernetes/**/*.test.ts'],
          globalSetup: ['deploy/kubernetes/setup.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          maxWorkers: 1,
          fileParallelism: false,
        },
      },
    ],
  },
});
