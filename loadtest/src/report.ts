import type { MeasuredLoad } from './run-load.js';

export interface Provenance {
  machine: { cpu: string; cores: number; system: string };
  versions: Record<string, string>;
  commit: string;
}

export type LoadReport = MeasuredLoad['result'] & Provenance;

/** The result for a terminal. */
export function formatReport(report: LoadReport): string {
  const { messages, posts, gateway, generator, machine, versions } = report;
  const lines = [
    `${report.scenario} × ${report.profile}: ${report.passed ? 'passed' : 'FAILED'}`,
    ...report.failed.map(({ metric, threshold }) => `  failed    ${metric} ${threshold}`),
    ...(report.clientsUnaccounted > 0
      ? [`  warning   ${report.clientsUnaccounted} clients were broken off and are in no count`]
      : []),
    `  load      ${report.connections} clients, ${workload(report)}`,
  ];
  if (messages.sent > 0) {
    lines.push(
      `  messages  ${messages.sent} sent, ${messages.answered} answered, ${messages.refused} refused, ${messages.cut} cut, ${messages.lost} lost, ${messages.duplicated} duplicated`,
    );
  }
  if (posts.sent > 0) {
    lines.push(
      `  posts     ${posts.sent} sent, ${messages.answered} delivered, ${posts.throttled} throttled, ${posts.failed} failed, ${messages.lost} lost, ${messages.duplicated} duplicated`,
    );
  }
  lines.push(
    `  closes    ${
      Object.entries(report.closes)
        .map(([code, count]) => `${code}: ${count}`)
        .join(', ') || 'none'
    }`,
  );
  for (const [name, { p50, p95, p99, max }] of Object.entries(report.latency)) {
    lines.push(
      `  ${name.padEnd(15)} p50 ${p50.toFixed(2)}  p95 ${p95.toFixed(2)}  p99 ${p99.toFixed(2)}  max ${max.toFixed(2)}`,
    );
  }
  if (gateway.length > 0) {
    const all = gateway.reduce((sum, { cpuMicrosecondsPerMessage }) => sum + cpuMicrosecondsPerMessage, 0);
    const each = gateway.map(
      ({ process, cpuMicrosecondsPerMessage }) => `${process} ${cpuMicrosecondsPerMessage.toFixed(1)}`,
    );
    lines.push(`  CPU       µs per ${report.per}: ${each.join(', ')}; all ${all.toFixed(1)}`);
  }
  lines.push(
    `  generator ${Object.entries(generator.facts)
      .map(([name, fact]) => `${name} ${fact}`)
      .join(', ')}`,
  );
  for (const warning of generator.warnings) lines.push(`  warning   ${warning}`);
  lines.push(
    `  ${machine.cpu}, ${machine.cores} cores; ${versionsText(versions)}; commit ${report.commit}; seed ${report.seed}; ${report.startedAt}`,
  );
  return lines.join('\n');
}

/** What was asked for, and how much of it came through a second. */
export function workload({ per, ratePerSecond, workSeconds, messages, posts, opened, scenario }: LoadReport): string {
  if (scenario === 'idle-hold') return `silent for ${workSeconds} s`;
  if (per === 'connection') return `${ratePerSecond} connects/s, ${opened} connections`;
  const [what, reached] = per === 'post' ? ['posts', posts.perSecond] : ['messages', messages.perSecond];
  return `${Math.round(reached)} ${what}/s for ${workSeconds} s`;
}

export function versionsText(versions: Record<string, string>): string {
  return Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
}
