import type { LoadGenerator } from './load-generator.js';
import { cpuMicroseconds } from './measure-cpu.js';

/** How long and how often is measured. */
export interface Pace {
  warmUpMs: number;
  rounds: number;
  roundMs: number;
}

export interface MessageCost {
  /** CPU µs per message of each process group (a group of two edges is summed), median of the rounds. */
  microseconds: Record<string, number>;
  /** Sum over all groups, median of the rounds. */
  all: number;
  messagesPerSecond: number;
  /** Share of one core that the load generator used: near 1 it, not the gateway, sets the rate. */
  generatorBusy: number;
}

/** Pids by process group: `{ edge: [1, 2], router: [3], redis: [4] }`. */
export type ProcessGroups = Record<string, number[]>;

/**
 * Starts the load on connections that are open, lets it warm up, and takes the median of short rounds: one round that another
 * program disturbed then says nothing. Rejects where an answer is missing at the end.
 */
export async function measureCost(
  generator: LoadGenerator,
  inFlight: number,
  groups: ProcessGroups,
  pace: Pace,
): Promise<MessageCost> {
  await generator.call('start', { inFlight });
  await pause(pace.warmUpMs);
  const rounds: MessageCost[] = [];
  for (let i = 0; i < pace.rounds; i++) rounds.push(await measureRound(generator, groups, pace.roundMs));
  await generator.call('stop', undefined);
  return medianCost(rounds, Object.keys(groups));
}

async function measureRound(generator: LoadGenerator, groups: ProcessGroups, roundMs: number): Promise<MessageCost> {
  const before = await sample(generator, groups);
  await pause(roundMs);
  const after = await sample(generator, groups);
  const messages = after.messages - before.messages;
  if (messages === 0) throw new Error(`no message was answered in ${roundMs} ms`);
  const microseconds: Record<string, number> = {};
  let all = 0;
  for (const name of Object.keys(groups)) {
    const cost = ((after.cpu[name] ?? 0) - (before.cpu[name] ?? 0)) / messages;
    microseconds[name] = cost;
    all += cost;
  }
  const elapsedMs = after.atMs - before.atMs;
  return {
    microseconds,
    all,
    messagesPerSecond: (messages / elapsedMs) * 1_000,
    generatorBusy: (after.generatorCpu - before.generatorCpu) / 1_000 / elapsedMs,
  };
}

async function sample(generator: LoadGenerator, groups: ProcessGroups) {
  const messages = await generator.call('count', undefined);
  const cpu: Record<string, number> = {};
  for (const [name, pids] of Object.entries(groups)) {
    cpu[name] = pids.reduce((sum, pid) => sum + cpuMicroseconds(pid), 0);
  }
  return { messages, cpu, generatorCpu: cpuMicroseconds(generator.pid), atMs: performance.now() };
}

function medianCost(rounds: MessageCost[], names: string[]): MessageCost {
  const microseconds: Record<string, number> = {};
  for (const name of names) microseconds[name] = median(rounds.map((round) => round.microseconds[name] ?? 0));
  return {
    microseconds,
    all: median(rounds.map((round) => round.all)),
    messagesPerSecond: median(rounds.map((round) => round.messagesPerSecond)),
    generatorBusy: median(rounds.map((round) => round.generatorBusy)),
  };
}

/** The middle of the values; of an even number of them the mean of the middle two. Throws for none. */
export function median(values: number[]): number {
  return percentile(values, 0.5);
}

/** Value below which this share of the values lies, interpolated. Throws for no values. */
export function percentile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const low = sorted[Math.floor(position)];
  const high = sorted[Math.ceil(position)];
  if (low === undefined || high === undefined) throw new RangeError('no values');
  return low + (high - low) * (position - Math.floor(position));
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
