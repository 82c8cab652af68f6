import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BackEnd,
  type Cluster,
  connectClient,
  freePort,
  startBackEnd,
  startCluster,
  startTraceReceiver,
  type TraceReceiver,
  waitFor,
} from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatConfig } from './chat-config.js';
import { parseExposition } from './exposition.js';
import { parseOpenMetrics } from './open-metrics.js';

const openMetrics = 'application/openmetrics-text; version=1.0.0';

describe('exemplars', () => {
  let receiver: TraceReceiver;
  let backEnd: BackEnd;
  let cluster: Cluster;
  let traceId: string;

  beforeAll(async () => {
    receiver = await startTraceReceiver();
    backEnd = await startBackEnd();
    cluster = await startCluster({ config: chatConfig(backEnd.url), env: receiver.env() });
    const client = await connectClient(`ws://127.0.0.1:${cluster.the('edge').port}/chat/dev`);
    client.send({ action: 'echo' });
    await client.next();
    traceId = String(backEnd.of('MESSAGE').at(-1)?.headers['traceparent']).split('-')[1] as string;
    client.terminate();
  });
  afterAll(async () => {
    await cluster?.stop();
    await backEnd?.stop();
    await receiver?.stop();
  });

  const scrape = (port: number, accept: string) => fetch(`http://127.0.0.1:${port}/metrics`, { headers: { accept } });

  it('[TR-10] every process speaks OpenMetrics to who asks for it, as strictly as it is defined, and the older format to others', async () => {
    for (const each of cluster.processes) {
      const modern = await scrape(each.adminPort, openMetrics);
      expect(modern.headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
      const { types, samples } = parseOpenMetrics(await modern.text());
      const plain = await scrape(each.adminPort, 'text/plain');
      expect(plain.headers.get('content-type')).toContain('text/plain; version=0.0.4');
      const families = parseExposition(await plain.text());
      // The same families, counters under their other name.
      const named = [...families].map(([name, { type }]) =>
        type === 'counter' && name !== 'sluice_dead_letters_total' ? name.replace(/_total$/, '') : name,
      );
      expect([...types.keys()].sort()).toEqual(named.sort());
      expect([...samples].find(([series]) => series.startsWith('sluice_build_info{'))?.[1]).toBe(1);
    }
  });

  it('[TR-10] a bucket of a traced message points to its trace', async () => {
    const { exemplars } = parseOpenMetrics(await (await scrape(cluster.the('router').adminPort, openMetrics)).text());
    const of = (name: string) =>
      exemplars.filter(({ series }) => series.startsWith(`sluice_${name}_bucket`) && series.includes('route="echo"'));
    for (const name of ['overhead_seconds', 'message_seconds', 'integration_seconds']) {
      expect(of(name), name).toMatchObject([{ labels: { trace_id: traceId } }]);
      expect(Math.abs((of(name)[0]?.timestampSeconds ?? 0) - Date.now() / 1_000)).toBeLessThan(120);
    }
    await waitFor('the trace', () => receiver.named('process', traceId).length === 1);
  });

  it.each([
    ['edge', 'stream_append_seconds'],
    ['router', 'stream_wait_seconds'],
  ] as const)('[TR-10] at the %s %s points to a message of the batch', async (role, name) => {
    const { exemplars } = parseOpenMetrics(await (await scrape(cluster.the(role).adminPort, openMetrics)).text());
    const found = exemplars.filter(({ series }) => series.startsWith(`sluice_${name}_bucket`));
    expect(found.length).toBeGreaterThan(0);
    for (const { labels } of found) {
      const of = labels['trace_id'] ?? '';
      await waitFor(`the trace ${of}`, () => receiver.named('wait', of).length > 0);
    }
  });

  it('[TR-10] Prometheus takes both, and finds the trace by the exemplar', async () => {
    const port = cluster.the('router').adminPort;
    const prometheus = await startPrometheus(port);
    try {
      const query = `${prometheus.url}/api/v1/query_exemplars?query=sluice_overhead_seconds_bucket&start=${Date.now() / 1_000 - 600}&end=${Date.now() / 1_000 + 600}`;
      const found = await waitFor(
        'the exemplar in Prometheus',
        async () => {
          const answer = (await (await fetch(query)).json()) as { data: { exemplars: { labels: object }[] }[] };
          const all = answer.data.flatMap(({ exemplars }) => exemplars);
          return all.find(({ labels }) => JSON.stringify(labels).includes(traceId));
        },
        30_000,
      );
      expect(found.labels).toEqual({ trace_id: traceId });
      const targets = (await (await fetch(`${prometheus.url}/api/v1/targets`)).json()) as {
        data: { activeTargets: { health: string; lastError: string }[] };
      };
      expect(targets.data.activeTargets).toMatchObject([{ health: 'up', lastError: '' }]);
    } finally {
      await prometheus.stop();
    }
  }, 60_000);
});

const scrapeText = `# TYPE h histogram
# HELP h H.
h_bucket{le="1.0"} 1 # {trace_id="ab"} 0.5 1700000000
h_bucket{le="+Inf"} 2
h_sum 3.5
h_count 2
# TYPE c counter
c_total{a="x"} 1
# EOF
`;

describe('the reader of OpenMetrics', () => {
  it('takes what is right', () => {
    expect(parseOpenMetrics(scrapeText).exemplars).toMatchObject([{ labels: { trace_id: 'ab' }, value: 0.5 }]);
  });

  it.each([
    ['no end', '# EOF\n', ''],
    ['an empty line', 'h_sum', '\nh_sum'],
    ['a bound that is no float', 'le="1.0"', 'le="1"'],
    ['an exemplar outside its bucket', '} 0.5 17', '} 1.5 17'],
    ['an exemplar on a sum', 'h_sum 3.5', 'h_sum 3.5 # {trace_id="ab"} 0.5'],
    ['a bucket that falls', 'le="1.0"} 1', 'le="1.0"} 3'],
    ['a count that is not the last bucket', 'h_count 2', 'h_count 1'],
    ['a counter without its ending', 'c_total{', 'c{'],
    ['a family named like its samples', 'TYPE c counter', 'TYPE c_total counter'],
    ['a family in two places', '# TYPE c counter', '# TYPE h histogram'],
    ['a comment', '# HELP h H.', '# hello'],
    ['a label without its quotes', 'a="x"', 'a=x'],
  ])('refuses %s', (_what, right, wrong) => {
    expect(scrapeText).toContain(right);
    expect(() => parseOpenMetrics(scrapeText.replace(right, wrong))).toThrow();
  });
});

async function startPrometheus(target: number) {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-prometheus-'));
  const file = join(directory, 'prometheus.yaml');
  const job = { job_name: 'sluice', scrape_interval: '1s', static_configs: [{ targets: [`127.0.0.1:${target}`] }] };
  await writeFile(file, JSON.stringify({ scrape_configs: [job] }));
  const port = await freePort();
  const args = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(directory, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--enable-feature=exemplar-storage',
  ];
  const child: ChildProcess = spawn('prometheus', args, { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(directory, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await waitFor('Prometheus', async () => (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok, 30_000);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}
