import { percentText } from './report.js';
import type { BenchResult } from './rows.js';

/** The rows of tracing for its page. Throws where there are none. */
export function tracingTable({ rows, machine, versions, commit, date, quick }: BenchResult): string {
  const tracing = rows.filter((row) => row.kind === 'tracing');
  if (tracing.length === 0) throw new Error('no row of tracing was measured');
  const lines = tracing.flatMap(({ work, inFlight, off, rates }) => [
    `| ${work}, ${inFlight} in flight | off | ${off.toFixed(2)} µs | |`,
    ...rates.map(
      ({ sampleRatio, all, ratio }) => `| | ${sampleRatio * 100} % | ${all.toFixed(2)} µs | ${percentText(ratio)} |`,
    ),
  ]);
  const note =
    `CPU µs per message, edge, router and Redis together, and the median of the ratios to the rounds without tracing beside; ` +
    `${machine.cpu}, ${machine.cores} cores, Node ${versions.node}, Redis ${versions.redis}; commit ${commit}, ${date.slice(0, 10)}` +
    `${quick ? ', quick run' : ''}. Written by \`npm run bench -- --only tracing,cluster --write-traces\`.`;
  return `| work | sampled | a message costs | more |\n| --- | --- | --- | --- |\n${lines.join('\n')}\n\n${note}`;
}
