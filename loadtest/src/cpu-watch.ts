import { readFileSync } from 'node:fs';
import { cpuMicroseconds } from '@sluice/bench';

const intervalMs = 250;

interface Sample {
  atMs: number;
  microseconds: number;
}

/** CPU time of processes over the run, sampled, because the load's own window is only known when k6 has ended. Linux only. */
export class CpuWatch {
  private readonly series = new Map<string, { pids: number[]; samples: Sample[] }>();
  private readonly machine: { atMs: number; busy: number; all: number }[] = [];
  private readonly timer: NodeJS.Timeout;

  constructor() {
    this.timer = setInterval(() => this.sample(), intervalMs);
    this.timer.unref();
  }

  /** Processes with the same name are one line. */
  add(name: string, pid: number): void {
    const line = this.series.get(name) ?? { pids: [], samples: [] };
    line.pids.push(pid);
    this.series.set(name, line);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** CPU seconds of each name between two times. */
  between(fromMs: number, toMs: number): Map<string, number> {
    return new Map(
      [...this.series].map(([name, { samples }]) => [
        name,
        Math.max(0, (valueAt(samples, toMs) - valueAt(samples, fromMs)) / 1e6),
      ]),
    );
  }

  /** Which part of all cores was busy between two times, 0 to 1. */
  busyBetween(fromMs: number, toMs: number): number {
    const inside = this.machine.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
    const [first, last] = [inside.at(0), inside.at(-1)];
    if (first === undefined || last === undefined || last.all === first.all) return 0;
    return (last.busy - first.busy) / (last.all - first.all);
  }

  private sample(): void {
    const atMs = Date.now();
    for (const { pids, samples } of this.series.values()) {
      // A process that has ended adds nothing more: its last value stands.
      const sum = pids.reduce((total, pid) => total + (readOr(pid) ?? Number.NaN), 0);
      if (!Number.isNaN(sum)) samples.push({ atMs, microseconds: sum });
    }
    this.machine.push({ atMs, ...machineTicks() });
  }
}

function readOr(pid: number): number | undefined {
  try {
    return cpuMicroseconds(pid);
  } catch {
    return undefined;
  }
}

/** In a straight line between the samples around a time. */
function valueAt(samples: Sample[], atMs: number): number {
  const after = samples.find((sample) => sample.atMs >= atMs) ?? samples.at(-1);
  const before = samples.findLast((sample) => sample.atMs <= atMs) ?? after;
  if (after === undefined || before === undefined) return 0;
  if (after.atMs === before.atMs) return after.microseconds;
  const share = (atMs - before.atMs) / (after.atMs - before.atMs);
  return before.microseconds + share * (after.microseconds - before.microseconds);
}

/** user nice system idle iowait irq softirq steal, in ticks since the start of the machine. */
function machineTicks(): { busy: number; all: number } {
  const fields =
    readFileSync('/proc/stat', 'latin1').split('\n', 1)[0]?.trim().split(/\s+/).slice(1, 9).map(Number) ?? [];
  const all = fields.reduce((sum, ticks) => sum + ticks, 0);
  return { busy: all - (fields[3] ?? 0) - (fields[4] ?? 0), all };
}
