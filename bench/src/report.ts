import type { BenchResult, Budget, CostRow, MemoryRow, RoundTripRow, Row, TracingRow } from './rows.js';
import { flatWithin, handshakesAtOnce } from './rows.js';

/** Formatting only: every number comes in with the result, every line goes out as text. */

const places: Record<CostRow['deployment'], string> = {
  raw: 'no gateway',
  standalone: 'standalone',
  'cluster-1-edge': 'cluster, 1 edge',
  'cluster-2-edges': 'cluster, 2 edges',
};
const columns = ['edge', 'router', 'callback', 'redis'] as const;

/** The whole result as a table for a terminal. */
export function formatReport(result: BenchResult): string {
  const parts = [head(result)];
  const costs = result.rows.filter((row) => row.kind === 'cost');
  if (costs.length > 0) parts.push(costTable(costs));
  const others = result.rows.filter((row) => row.kind !== 'cost');
  if (others.length > 0) parts.push(others.flatMap(otherLines).join('\n'));
  const flat = flatness(costs);
  if (flat.length > 0) parts.push(flat.map(flatLine).join('\n'));
  parts.push(`${verdict(result.rows)} Took ${Math.round(result.seconds)} s.`);
  return `${parts.join('\n\n')}\n`;
}

function head({ machine, versions, commit, date, quick }: BenchResult): string {
  const lines = [
    `Sluice ${versions.sluice} (${commit}), ${date}${quick ? ', quick run: rough numbers' : ''}`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.system}; Node ${versions.node}, Redis ${versions.redis}, uWebSockets.js ${versions.uWebSockets}`,
    'CPU µs per message, 100 connections, messages of 100 bytes. Ratio: to the raw echo with as many in flight.',
    `Handshake rows: CPU µs per handshake and the end of its connection, ${handshakesAtOnce} at once; "per s" is handshakes per second.`,
    'generator: share of one core the load generator used; at 100 % it sets the rate, the CPU µs hold all the same.',
  ];
  return lines.join('\n');
}

function costTable(rows: CostRow[]): string {
  const cells = rows.map((row) => [
    row.work,
    places[row.deployment],
    `${row.inFlight}`,
    ...columns.map((name) => microseconds(row.microseconds[name])),
    microseconds(row.all),
    row.ratio === undefined ? '' : `${row.ratio.toFixed(1)}×`,
    budgetText(row.budget, (value) => `${value} µs`),
    `${Math.round(row.messagesPerSecond)}`,
    `${Math.round(row.generatorBusy * 100)} %`,
  ]);
  const titles = ['work', 'where', 'in flight', ...columns, 'all', 'ratio', 'budget', 'per s', 'generator'];
  return alignColumns([titles, ...cells]);
}

/** Columns as wide as their widest cell: the first two to the left, numbers to the right. */
function alignColumns(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const pad = (cell: string, column: number) =>
    column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

function microseconds(value: number | undefined): string {
  return value === undefined ? '' : value.toFixed(1);
}

function budgetText(budget: Budget | undefined, unit: (value: number) => string): string {
  return budget === undefined ? '' : `≤ ${unit(budget.atMost)} ${budget.met ? 'ok' : 'OVER'}`;
}

function otherLines(row: MemoryRow | RoundTripRow | TracingRow): string[] {
  if (row.kind === 'tracing') return tracingLines(row);
  return row.kind === 'memory' ? memoryLines(row) : [roundTripLine(row)];
}

function tracingLines({ work, deployment, inFlight, off, rates }: TracingRow): string[] {
  const where = `${work}, ${places[deployment]}, ${inFlight} in flight`;
  return rates.map(({ sampleRatio, all, ratio }) => {
    const more = `${percentText(ratio)} against ${off.toFixed(1)} µs without`;
    return `tracing ${sampleRatio * 100} %, ${where}: ${all.toFixed(1)} µs, ${more}`;
  });
}

/** A ratio as what it adds: 1.02 is +2.0 %. */
export function percentText(ratio: number): string {
  const percent = (ratio - 1) * 100;
  return `${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(1)} %`;
}

function memoryLines(row: MemoryRow): string[] {
  const where = `${row.connections} idle connections, ${places[row.deployment]}`;
  const edge = `${where}: ${(row.edgeBytes / 1_024).toFixed(2)} KB each in the process  ${budgetText(row.edgeBudget, kilobytes)}`;
  if (row.redisBytes === undefined) return [edge.trimEnd()];
  const redis = `${where}: ${Math.round(row.redisBytes)} bytes each in Redis  ${budgetText(row.redisBudget, (value) => `${value} B`)}`;
  return [edge.trimEnd(), redis.trimEnd()];
}

function kilobytes(bytes: number): string {
  return `${bytes / 1_024} KB`;
}

function roundTripLine(row: RoundTripRow): string {
  const ms = (value: number) => `${value} ms`;
  return (
    `round trip, HTTP back end, one connection, ${places[row.deployment]}: ` +
    `p50 ${row.p50Ms.toFixed(2)} ms ${budgetText(row.p50Budget, ms)}, p99 ${row.p99Ms.toFixed(2)} ms ${budgetText(row.p99Budget, ms)}`
  );
}

export interface Flatness {
  work: CostRow['work'];
  inFlight: number;
  /** Cost with two edges over cost with one. */
  ratio: number;
  met: boolean;
}

/** Whether a message costs as much with two edges as with one. More edges may cost less: batches are per edge, waiting is not. */
export function flatness(rows: CostRow[]): Flatness[] {
  return rows
    .filter((row) => row.deployment === 'cluster-2-edges')
    .flatMap((two) => {
      const one = rows.find(
        (row) => row.deployment === 'cluster-1-edge' && row.work === two.work && row.inFlight === two.inFlight,
      );
      if (one === undefined) return [];
      const ratio = two.all / one.all;
      return [{ work: two.work, inFlight: two.inFlight, ratio, met: ratio <= 1 + flatWithin }];
    });
}

function flatLine({ work, inFlight, ratio, met }: Flatness): string {
  const percent = Math.round((ratio - 1) * 100);
  return `${work}, ${inFlight} in flight: 2 edges cost ${percent >= 0 ? '+' : ''}${percent} % per message against 1  ≤ +${flatWithin * 100} % ${met ? 'ok' : 'OVER'}`;
}

/** Every budget of a run, in the order of the rows. */
export function budgetsOf(rows: Row[]): Budget[] {
  const own = rows.flatMap((row) => {
    if (row.kind === 'cost') return [row.budget];
    if (row.kind === 'tracing') return [];
    return row.kind === 'memory' ? [row.edgeBudget, row.redisBudget] : [row.p50Budget, row.p99Budget];
  });
  const flat = flatness(rows.filter((row) => row.kind === 'cost'));
  return [...own, ...flat.map(({ met }) => ({ atMost: 1 + flatWithin, met }))].filter((entry) => entry !== undefined);
}

function verdict(rows: Row[]): string {
  const budgets = budgetsOf(rows);
  if (budgets.length === 0) return 'No row with a budget was measured.';
  const over = budgets.filter(({ met }) => !met).length;
  return over === 0 ? `All ${budgets.length} budgets are met.` : `${over} of ${budgets.length} budgets are exceeded.`;
}
