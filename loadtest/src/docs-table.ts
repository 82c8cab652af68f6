import { type LoadReport, versionsText, workload } from './report.js';

const startMark = '<!-- loadtest:start -->';
const endMark = '<!-- loadtest:end -->';

/** The runs whose figures stand in docs/operate/load-tests.md: half a minute each, with the profile `load` unless another is asked for. */
export const documentedRuns: Record<string, string>[] = [
  { SCENARIO: 'webhook-echo' },
  { SCENARIO: 'echo' },
  { SCENARIO: 'management-post' },
  { SCENARIO: 'fan-out' },
  { SCENARIO: 'churn' },
  { SCENARIO: 'connect-storm' },
  { SCENARIO: 'idle-hold' },
].map((variables) => ({ PROFILE: 'load', DURATION: '30s', ...variables }));

/** Puts the table between its marks. Throws where the text does not have both marks once, in order. */
export function replaceTable(page: string, table: string): string {
  const start = page.indexOf(startMark);
  const end = page.indexOf(endMark);
  if (start < 0 || end < start || page.indexOf(startMark, start + 1) >= 0 || page.indexOf(endMark, end + 1) >= 0) {
    throw new Error(`the page needs the marks ${startMark} and ${endMark} once each, in this order`);
  }
  return `${page.slice(0, start + startMark.length)}\n\n${table}\n\n${page.slice(end)}`;
}

/** The figures of several runs on one machine, the first of which says which. Throws where there is none. */
export function docsTable(reports: LoadReport[]): string {
  const [first] = reports;
  if (first === undefined) throw new Error('there is no run to write about');
  const lines = [
    '| scenario | load | latency | p50 | p95 | p99 | CPU: edge | router | callback | Redis | lost, twice | machine busy, of it k6 |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...reports.map(tableRow),
  ];
  const { machine, versions, commit, startedAt } = first;
  const note =
    `Latencies in ms from the time that a message, post or connect was due; CPU in µs per message, post or connection; profile ${first.profile}; k6, gateway, Redis and back end share ` +
    `${machine.cpu}, ${machine.cores} cores. ${versionsText(versions)}; commit ${commit}, ${startedAt.slice(0, 10)}. Written by \`npm run loadtest -- --write-docs\`.`;
  return `${lines.join('\n')}\n\n${note}`;
}

const latencyOf = { message: 'rttMs', post: 'deliveryMs', connection: 'connectMs' } as const;

function tableRow(report: LoadReport): string {
  const name = report.scenario === 'fan-out' ? 'fanOutMs' : latencyOf[report.per];
  const latency = report.latency[name];
  const costOf = (process: string) => {
    const cost = report.gateway.find((each) => each.process === process);
    return cost === undefined ? '' : `${cost.cpuMicrosecondsPerMessage.toFixed(1)} µs`;
  };
  const ms = (value: number | undefined) => (value === undefined ? '' : value.toFixed(value < 10 ? 2 : 0));
  const cells = [
    report.scenario,
    `${report.connections} clients, ${workload(report)}`,
    name.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
    ...[latency?.p50, latency?.p95, latency?.p99].map(ms),
    ...['edge', 'router', 'callback', 'Redis'].map(costOf),
    `${report.messages.lost}, ${report.messages.duplicated}`,
    `${report.generator.facts['machine busy']}, ${report.generator.facts['CPU of k6']}`,
  ];
  return `| ${cells.join(' | ')} |`;
}
