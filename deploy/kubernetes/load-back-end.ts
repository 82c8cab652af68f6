import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { BackEndStats } from '@sluice/loadtest';
import type { ApiProxy, Namespace } from './cluster.js';
import { restrictedContainer, restrictedPod } from './restricted-pod.js';

const folder = resolve(import.meta.dirname, '..', '..', 'loadtest', 'back-end');
const files = ['server.mjs', 'run-record.mjs', 'seen-numbers.mjs', 'slow-link.mjs'];
const port = 9400;

/** Address of the back end for pods of its namespace. */
export const backEndHost = `back-end:${port}`;

/** The back end of the load tests, run by the Node of the product's image. */
export function backEndObjects(image: string): object[] {
  const labels = { app: 'back-end' };
  const data = Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
  const container = {
    name: 'back-end',
    image,
    command: ['node', '/back-end/server.mjs'],
    env: [
      { name: 'HOST', value: '0.0.0.0' },
      { name: 'PORT', value: String(port) },
    ],
    ports: [{ name: 'http', containerPort: port }],
    readinessProbe: { httpGet: { path: '/livez', port: 'http' }, periodSeconds: 2 },
    resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '256Mi' } },
    volumeMounts: [{ name: 'files', mountPath: '/back-end' }],
    ...restrictedContainer,
  };
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'back-end' }, data },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'back-end', labels },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            ...restrictedPod,
            containers: [container],
            volumes: [{ name: 'files', configMap: { name: 'back-end' } }],
          },
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'back-end', labels },
      // k6 asks it what it has seen.
      spec: { type: 'NodePort', selector: labels, ports: [{ name: 'http', port }] },
    },
  ];
}

/** What that back end has seen, asked through the API server. */
export class LoadBackEnd {
  constructor(
    private readonly proxy: ApiProxy,
    private readonly namespace: Namespace,
  ) {}

  async stats(run: string): Promise<BackEndStats> {
    return JSON.parse(await this.call(`/stats?run=${run}`)) as BackEndStats;
  }

  /** Those of the ids that have arrived. */
  async seen(ids: string[]): Promise<string[]> {
    if (ids.length === 0) return [];
    const answer = await this.call('/seen', { method: 'POST', body: JSON.stringify({ ids }) });
    return (JSON.parse(answer) as { seen: string[] }).seen;
  }

  private async call(path: string, options?: RequestInit): Promise<string> {
    const url = this.proxy.url(this.namespace.name, 'services', `back-end:${port}`, path);
    const response = await fetch(url, options);
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} of the back end answered ${response.status}: ${text}`);
    return text;
  }
}
