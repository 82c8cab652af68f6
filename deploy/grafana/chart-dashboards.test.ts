import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
// @ts-expect-error plain JavaScript, like all scripts
import { requireGoTools } from '../../scripts/go-tools.mjs';
// @ts-expect-error plain JavaScript, like all scripts
import { dashboards } from './dashboards/index.mjs';

interface ConfigMap {
  metadata: { name: string; namespace: string; labels: Record<string, string>; annotations: Record<string, string> };
  data: Record<string, string>;
}

const chart = fileURLToPath(new URL('../helm/sluice', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'sluice-chart-dashboards-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
requireGoTools(['helm']);

function configMaps(more: object): ConfigMap[] {
  const values = join(directory, 'values.yaml');
  const config = { auth: { keys: [{ accessKeyId: 'a', secretAccessKey: 'b', allow: ['*'] }] } };
  writeFileSync(
    values,
    JSON.stringify({ config, redis: { url: 'redis://redis:6379' }, dashboards: { enabled: true, ...more } }),
  );
  const args = ['template', 'chat', chart, '--namespace', 'rooms', '--kube-version', '1.34.0', '-f', values];
  const { status, stdout, stderr } = spawnSync('helm', [...args, '-s', 'templates/monitoring/dashboards.yaml'], {
    encoding: 'utf8',
    maxBuffer: 16 * 1024 * 1024,
  });
  expect(status, stderr).toBe(0);
  return parseAllDocuments(stdout)
    .map((document) => document.toJS() as ConfigMap | null)
    .filter((object): object is ConfigMap => object !== null);
}

it('every dashboard is a ConfigMap that the sidecar finds, and says the same as the source', () => {
  const found = configMaps({});
  const read = Object.fromEntries(
    found
      .flatMap(({ data }) => Object.entries(data))
      .map(([file, text]) => [file.replace('.json', ''), JSON.parse(text)]),
  );
  expect(read).toEqual(JSON.parse(JSON.stringify(dashboards)));
  for (const { metadata } of found) {
    expect(metadata.namespace).toBe('rooms');
    expect(metadata.labels['grafana_dashboard']).toBe('1');
    expect(metadata.annotations).toEqual({ grafana_folder: 'Sluice' });
  }
});

it('label, folder and namespace can be others', () => {
  const [first] = configMaps({
    namespace: 'monitoring',
    labelKey: 'board',
    labelValue: 'yes',
    folderAnnotation: 'folder',
    folder: 'Chat',
    labels: { team: 'chat' },
    annotations: { owner: 'ada' },
  });
  expect(first?.metadata.namespace).toBe('monitoring');
  expect(first?.metadata.labels).toMatchObject({ board: 'yes', team: 'chat' });
  expect(first?.metadata.annotations).toEqual({ folder: 'Chat', owner: 'ada' });
});
