import type { BenchResult, Budget, CostRow } from './rows.js';

const startMark = '<!-- bench:start -->';
const endMark = '<!-- bench:end -->';

/** Puts the short table between its marks. Throws where the text does not have both marks once, in order. */
export function replaceTable(readme: string, table: string): string {
  const start = readme.indexOf(startMark);
  const end = readme.indexOf(endMark);
  if (start < 0 || end < start || readme.indexOf(startMark, start + 1) >= 0 || readme.indexOf(endMark, end + 1) >= 0) {
    throw new Error(`the page needs the marks ${startMark} and ${endMark} once each, in this order`);
  }
  return `${readme.slice(0, start + startMark.length)}\n\n${table}\n\n${readme.slice(end)}`;
}

/** The short table of a run for the README. */
export function shortTable({ rows, machine, versions, commit, date, quick }: BenchResult): string {
  const costs = rows.filter((row) => row.kind === 'cost');
  const lines = ['| work | 1 in flight | 10 in flight | budget |', '| --- | --- | --- | --- |'];
  for (const [title, work, deployment] of echoLines) {
    const of = (inFlight: number) =>
      costs.find((row) => row.work === work && row.deployment === deployment && row.inFlight === inFlight);
    const [one, ten] = [of(1), of(10)];
    if (one === undefined && ten === undefined) continue;
    lines.push(`| ${title} | ${costCell(one)} | ${costCell(ten)} | ${budgetCell([one?.budget, ten?.budget], 'µs')} |`);
  }
  for (const [title, work, deployment] of handshakeLines) {
    const row = costs.find((cost) => cost.work === work && cost.deployment === deployment);
    if (row === undefined) continue;
    lines.push(
      `| ${title}, ${row.inFlight} at once | ${costCell(row)} | ${Math.round(row.messagesPerSecond)} per s | |`,
    );
  }
  for (const row of costs.filter(({ work }) => work.startsWith('POST'))) {
    lines.push(`| \`@connections\` ${row.work}, cluster | ${costCell(row)} | | ${budgetCell([row.budget], 'µs')} |`);
  }
  lines.push(...rows.flatMap(otherLine));
  const note =
    `CPU µs per message, or per handshake with its close, all gateway processes and Redis together, and times the bare uWebSockets.js echo in the same run; ` +
    `${machine.cpu}, ${machine.cores} cores, Node ${versions.node}, Redis ${versions.redis}; commit ${commit}, ` +
    `${date.slice(0, 10)}${quick ? ', quick run' : ''}. Written by \`npm run bench -- --write-readme\`.`;
  return `${lines.join('\n')}\n\n${note}`;
}

const echoLines: [title: string, work: CostRow['work'], deployment: CostRow['deployment']][] = [
  ['bare uWebSockets.js echo', 'raw echo', 'raw'],
  ['MOCK, one process', 'MOCK', 'standalone'],
  ['HTTP back end, one process', 'HTTP', 'standalone'],
  ['MOCK, cluster', 'MOCK', 'cluster-1-edge'],
  ['MOCK, cluster, 2 edges', 'MOCK', 'cluster-2-edges'],
  ['HTTP back end, cluster', 'HTTP', 'cluster-1-edge'],
  ['HTTP back end, cluster, 2 edges', 'HTTP', 'cluster-2-edges'],
  ['HTTP with templates, one process', 'HTTP with templates', 'standalone'],
  ['HTTP with templates, cluster', 'HTTP with templates', 'cluster-1-edge'],
  ['Lambda proxy, one process', 'Lambda', 'standalone'],
  ['Lambda proxy, cluster', 'Lambda', 'cluster-1-edge'],
  ['Lambda proxy, signed, one process', 'Lambda SigV4', 'standalone'],
  ['Lambda proxy, signed, cluster', 'Lambda SigV4', 'cluster-1-edge'],
  ['MOCK in order per connection, one process', 'MOCK in order', 'standalone'],
  ['MOCK in order per connection, cluster', 'MOCK in order', 'cluster-1-edge'],
  ['HTTP in order per connection, one process', 'HTTP in order', 'standalone'],
  ['HTTP in order per connection, cluster', 'HTTP in order', 'cluster-1-edge'],
];

const handshakeLines: [title: string, work: CostRow['work'], deployment: CostRow['deployment']][] = [
  ['bare uWebSockets.js handshake', 'handshake', 'raw'],
  ['handshake, one process', 'handshake', 'standalone'],
  ['handshake with `$connect` (MOCK), one process', 'handshake, $connect', 'standalone'],
  ['handshake with `$connect` and JWT, one process', 'handshake, JWT', 'standalone'],
  ['the same with tokens seen before, one process', 'handshake, JWT again', 'standalone'],
  ['handshake, cluster', 'handshake', 'cluster-1-edge'],
  ['handshake with `$connect` (MOCK), cluster', 'handshake, $connect', 'cluster-1-edge'],
  ['handshake with `$connect` and JWT, cluster', 'handshake, JWT', 'cluster-1-edge'],
  ['the same with tokens seen before, cluster', 'handshake, JWT again', 'cluster-1-edge'],
];

function costCell(row: CostRow | undefined): string {
  if (row === undefined) return '';
  const ratio = row.ratio === undefined || row.deployment === 'raw' ? '' : ` (${row.ratio.toFixed(1)}×)`;
  return `${row.all.toFixed(1)} µs${ratio}`;
}

function budgetCell(budgets: (Budget | undefined)[], unit: string): string {
  const set = budgets.filter((entry) => entry !== undefined);
  if (set.length === 0) return '';
  const over = set.some(({ met }) => !met) ? ' (exceeded)' : '';
  return `≤ ${set.map(({ atMost }) => atMost).join(' / ')} ${unit}${over}`;
}

function otherLine(row: BenchResult['rows'][number]): string[] {
  if (row.kind === 'memory') {
    const inEdge = `${(row.edgeBytes / 1_024).toFixed(2)} KB`;
    const where = row.deployment === 'raw' ? 'bare uWebSockets.js' : 'one process';
    if (row.redisBytes === undefined) return [`| idle connection, ${where} | ${inEdge} | | |`];
    const over = row.edgeBudget?.met === false || row.redisBudget?.met === false ? ' (exceeded)' : '';
    return [`| idle connection: edge, Redis | ${inEdge} | ${Math.round(row.redisBytes)} B | ≤ 2.5 KB, 300 B${over} |`];
  }
  if (row.kind === 'round-trip') {
    const over = row.p50Budget.met && row.p99Budget.met ? '' : ' (exceeded)';
    const atMost = `≤ ${row.p50Budget.atMost} / ${row.p99Budget.atMost} ms${over}`;
    return [
      `| round trip, HTTP, idle cluster: p50, p99 | ${row.p50Ms.toFixed(2)} ms | ${row.p99Ms.toFixed(2)} ms | ${atMost} |`,
    ];
  }
  return [];
}
