import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type MetricKey, metricDefinitions, metricName } from '@sluice/telemetry';
import { describe, expect, it } from 'vitest';
// @ts-expect-error plain JavaScript, like all scripts
import { metricsOf } from '../prometheus/metrics-of.mjs';
// @ts-expect-error plain JavaScript, like all scripts
import { panelQueries } from './check-queries.mjs';
// @ts-expect-error plain JavaScript, like all scripts
import { dashboards, dashboardText } from './dashboards/index.mjs';
// @ts-expect-error plain JavaScript, like all scripts
import { knownUnits } from './preview/units.mjs';

interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  datasource?: { uid: string };
  fieldConfig?: { defaults: { unit: string } };
  targets?: { expr: string; refId: string; datasource: { uid: string } }[];
}
interface Dashboard {
  uid: string;
  title: string;
  schemaVersion: number;
  annotations: { list: { name: string; expr?: string }[] };
  templating: {
    list: { name: string; includeAll: boolean; multi: boolean; current: { value?: string[] }; allValue?: string }[];
  };
  panels: Panel[];
}

const folder = fileURLToPath(new URL('../helm/sluice/dashboards/', import.meta.url));
const all = Object.entries(dashboards as Record<string, Dashboard>);
const wayOut = 'run `npm run dashboards` and commit what it writes';
/** A ConfigMap holds 1 MiB, its other parts included. */
const bytesMax = 900 * 1024;

it('the files are what the source says, and none is left over', () => {
  expect(readdirSync(folder).sort(), wayOut).toEqual(all.map(([name]) => `${name}.json`).sort());
  for (const [name] of all) expect(readFileSync(`${folder}${name}.json`, 'utf8'), wayOut).toBe(dashboardText(name));
});

it('there is one for each part of the gateway, each with its own address', () => {
  expect(all.map(([, { title }]) => title)).toEqual(
    [
      'Overview',
      'Edge',
      'Router and integrations',
      'Bus and Redis',
      'Callback',
      'API drill-down',
      'Deploys and drains',
    ].map((title) => `Sluice / ${title}`),
  );
  expect(new Set(all.map(([, { uid }]) => uid)).size).toBe(all.length);
});

describe.each(all)('%s', (name, dashboard) => {
  const panels = dashboard.panels.filter(({ type }) => type !== 'row');

  it('fits into a ConfigMap', () => {
    expect(Buffer.byteLength(dashboardText(name))).toBeLessThan(bytesMax);
  });

  it('has every variable, and each begins with everything', () => {
    const variables = dashboard.templating.list;
    expect(variables.map((variable) => variable.name)).toEqual([
      'datasource',
      'namespace',
      'release',
      'pod',
      'api',
      'stage',
      'quantile',
    ]);
    for (const variable of variables.slice(1)) {
      expect(variable).toMatchObject({ multi: true, includeAll: true, allValue: '.*', current: { value: ['$__all'] } });
    }
  });

  it('marks drains', () => {
    expect(dashboard.annotations.list.find((each) => each.name === 'Drains')?.expr).toContain('sluice_drain_state');
  });

  it.each(panels.map((panel) => [panel.title, panel] as const))(
    '%s says what it shows, and in which unit',
    (_, panel) => {
      expect(panel.description?.length).toBeGreaterThan(10);
      expect(knownUnits).toContain(panel.fieldConfig?.defaults.unit);
      expect(panel.datasource?.uid).toBe('${datasource}');
      for (const { datasource } of panel.targets ?? []) expect(datasource.uid).toBe('${datasource}');
      const refs = panel.targets?.map(({ refId }) => refId) ?? [];
      expect(refs.length).toBeGreaterThan(0);
      expect(new Set(refs).size).toBe(refs.length);
    },
  );

  it('lays its panels out without overlap, within 24 columns', () => {
    const cells = new Set<string>();
    for (const { gridPos } of dashboard.panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(cells.has(`${x},${y}`)).toBe(false);
          cells.add(`${x},${y}`);
        }
      }
    }
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });
});

describe('the queries', () => {
  const queries: { panel: string; query: string }[] = panelQueries({ interval: '1m' });

  it('name only metrics that a process has, and only chosen series of them', () => {
    const exposed = new Set(
      (Object.keys(metricDefinitions) as MetricKey[]).flatMap((key) => {
        const suffixes = metricDefinitions[key].type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
        return suffixes.map((suffix) => metricName(key) + suffix);
      }),
    );
    for (const { panel, query } of queries) {
      const unknown = metricsOf(query).filter((name: string) => !exposed.has(name) && !/^(nodejs|process)_/.test(name));
      expect(unknown, `${panel}: ${query}`).toEqual([]);
    }
  });

  it('take percentiles from histograms only', () => {
    for (const { panel, query } of queries) {
      expect(query, panel).not.toMatch(/quantile_over_time|\bquantile\(|avg\(.*_seconds|quantile=/);
      for (const [, inner] of query.matchAll(/histogram_quantile\([\d.]+, (.{0,40})/g)) {
        expect(inner, panel).toMatch(/^sum by \([\w, ]*le\) \(rate\(|^sum by \(le\)/);
      }
    }
  });
});
