import { readFileSync } from 'node:fs';
import type { LoadResult } from './load-result.js';

/** Over these the generator or its machine shapes the latencies, and not only the gateway. */
const busyMax = 0.8;
const lateP99MsMax = 50;
const portShareMax = 0.8;

export interface GeneratorHealth {
  facts: Record<string, string>;
  warnings: string[];
}

/** Ports that one source address has for one target. */
export function sourcePorts(): number {
  const [from = 0, to = 0] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1')
    .trim()
    .split(/\s+/)
    .map(Number);
  return to - from + 1;
}

/** Whether the numbers of a run may be believed: how busy machine and k6 were, how late k6's timers, and how many source ports it took. */
export function judgeGenerator(input: {
  result: LoadResult;
  k6CpuSeconds: number;
  busy: number;
  cores: number;
  sourceAddresses: number;
}): GeneratorHealth {
  const { result, k6CpuSeconds, busy, cores, sourceAddresses } = input;
  const seconds = (result.workToMs - result.workFromMs) / 1_000;
  const lateMs = result.latency.generatorLagMs?.p99 ?? 0;
  const ports = sourcePorts() * sourceAddresses;
  const perTarget = Math.ceil(result.connections / new Set(result.target).size);
  const warnings: string[] = [];
  if (busy > busyMax) {
    warnings.push(
      `The machine was ${percent(busy)} busy (at most ${percent(busyMax)}): latencies are those of a machine without reserve.`,
    );
  }
  if (lateMs > lateP99MsMax) {
    warnings.push(
      `Timers of k6 were late by ${lateMs.toFixed(0)} ms (p99, at most ${lateP99MsMax}): part of every latency.`,
    );
  }
  if (perTarget > portShareMax * ports) {
    warnings.push(
      `${perTarget} connections to one address from ${ports} source ports: give k6 more addresses, --local-ips.`,
    );
  }
  return {
    facts: {
      'CPU of k6': `${(k6CpuSeconds / seconds).toFixed(2)} of ${cores} cores`,
      'machine busy': percent(busy),
      'timers late, p99': `${lateMs.toFixed(1)} ms`,
      'source ports': `${perTarget} of ${ports} to one address`,
    },
    warnings,
  };
}

const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
