import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
// @ts-expect-error plain JavaScript, which scripts use as well
import { checkQueries } from '../grafana/check-queries.mjs';
// @ts-expect-error plain JavaScript, which scripts use as well
import { startPrometheus } from '../prometheus/start-prometheus.mjs';
import { ApiProxy, Namespace, type Pod } from './cluster.js';
import { release } from './release.js';
import { addRow } from './results.js';
import { underTraffic } from './traffic.js';

const namespace = new Namespace(inject('namespace'));
let proxy: ApiProxy;
let prometheus: {
  setTargets(targets: { address: string; labels: Record<string, string> }[]): void;
  query(expression: string): Promise<{ value: [number, string] }[]>;
  stop(): Promise<void>;
};

beforeAll(async () => {
  proxy = await ApiProxy.start();
  prometheus = await startPrometheus();
});
afterAll(async () => {
  await prometheus?.stop();
  proxy?.stop();
});

/** Every pod of the release, those on their way out as well, through the API server. */
async function discover(): Promise<number> {
  const pods = await namespace.list<Pod>('pods', `app.kubernetes.io/instance=${release}`);
  const running = pods.filter(({ status }) => status.phase === 'Running');
  const targets = running.map(({ metadata: { name } }) => {
    const path = `/api/v1/namespaces/${namespace.name}/pods/${name}:8081/proxy/metrics`;
    const labels = { __metrics_path__: path, namespace: namespace.name, release, pod: name };
    return { address: proxy.address, labels };
  });
  prometheus.setTargets(targets);
  return targets.length;
}

describe('[O1] a Prometheus that scrapes the pods under load, while the edges are rolled', () => {
  it('has every process, and every query of the dashboards has data but those that good weather leaves quiet', async () => {
    let rolling = true;
    const discovering = (async () => {
      while (rolling) {
        await discover();
        await sleep(1_000);
      }
    })();
    const roll = async () => {
      await waitFor(
        'every pod to be scraped',
        async () => Number((await prometheus.query('sum(up)'))[0]?.value[1]) >= 6,
        30_000,
      );
      const [sockets] = await prometheus.query('sum(sluice_sockets)');
      expect(Number(sockets?.value[1])).toBeGreaterThanOrEqual(20);
      await namespace.kubectl('rollout', 'restart', `deployment/${release}-edge`);
      await namespace.rolledOut(`${release}-edge`);
      await sleep(8_000);
    };
    const step = 'a rolling update of the edges, scraped by Prometheus';
    await underTraffic({ namespace, proxy, step }, roll).finally(() => {
      rolling = false;
    });
    await discovering;
    const selector = `namespace="${namespace.name}"`;
    const lines = (await checkQueries(prometheus, { selector, minutes: 2, interval: '30s' })) as {
      panel: string;
      state: string;
    }[];
    const empty = lines.filter(({ state }) => state === 'empty').map(({ panel }) => panel);
    const data = lines.filter(({ state }) => state === 'data').length;
    console.log(`panels: ${data} of ${lines.length} with data; without: ${empty.join('; ')}`);
    addRow({ step: 'panels of the dashboards with data', seconds: 0, note: `${data} of ${lines.length}` });
    expect(empty).toEqual([]);
    // Faults, refusals and authorizers are not part of this load; the suite of the dashboards makes them happen.
    expect(data / lines.length).toBeGreaterThan(0.6);
  });
});
