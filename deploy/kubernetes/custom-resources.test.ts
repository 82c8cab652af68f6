import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
// @ts-expect-error plain JavaScript, which scripts use as well
import { customResourceDefinitions } from '../../scripts/chart/kubernetes-schemas.mjs';
import { type KubernetesObject, Namespace, run } from './cluster.js';
import { chart } from './release.js';

const namespace = new Namespace(inject('namespace'));
const values = join(chart, 'ci');
const made: string[] = [];

interface Definition extends KubernetesObject {
  apiVersion: string;
  spec: { group: string; names: { kind: string } };
}

beforeAll(async () => {
  const definitions = customResourceDefinitions() as Definition[];
  const present = new Set((await namespace.list('customresourcedefinitions')).map(({ metadata }) => metadata.name));
  const missing = definitions.filter(({ metadata }) => !present.has(metadata.name));
  made.push(...missing.map(({ metadata }) => metadata.name));
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: missing });
  // Server-side: some are too large for the annotation that a client's apply keeps.
  const { code, stderr } = await run('kubectl', ['apply', '--server-side', '-f', '-'], list);
  expect(code, stderr).toBe(0);
  const all = definitions.map(({ metadata }) => `customresourcedefinition/${metadata.name}`);
  await namespace.kubectl('wait', '--for=condition=Established', ...all, '--timeout=60s');
});
afterAll(async () => {
  if (made.length > 0) await namespace.kubectl('delete', 'customresourcedefinitions', ...made, '--wait=false');
});

describe('what the chart renders is accepted by the API server, and admitted without a warning', () => {
  it.each(readdirSync(values).filter((name) => name.endsWith('-values.yaml')))('%s', async (file) => {
    const args = ['template', 'dry-run', chart, '--namespace', namespace.name, '--values', join(values, file)];
    // Where the dashboards and monitors of one of them go there need be no namespace here.
    args.push('--set', 'dashboards.namespace=,metrics.serviceMonitor.namespace=');
    // With what this cluster has, as an installation would see it.
    const rendered = await run('helm', [...args, '--validate']);
    expect(rendered.code, rendered.stderr).toBe(0);
    const { code, stdout, stderr } = await run(
      'kubectl',
      ['--namespace', namespace.name, 'apply', '--dry-run=server', '--server-side', '--force-conflicts', '-f', '-'],
      rendered.stdout,
    );
    expect(code, stderr).toBe(0);
    expect(stderr).not.toMatch(/warning/i);
    expect(stdout.trim().split('\n').length).toBeGreaterThan(0);
  });
});
