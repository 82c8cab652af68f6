import type { BenchRun } from './bench-run.js';
import { type CpuProfile, Inspector } from './inspector.js';
import { pause } from './measure-round.js';
import { readRedisFacts } from './redis-facts.js';
import type { StartedProcess } from './started-processes.js';

const commandsMs = 1_000;
const profileMs = 3_000;
const profileIntervalMicroseconds = 200;
const spotsShown = 30;

export interface HotSpot {
  /** `file:line function`, the file from its package on. */
  place: string;
  /** Share of all samples that ran, in percent; waiting is not counted. */
  selfPercent: number;
}

/** The functions in which a profile found the process most often, most first. */
export function hotSpots(profile: CpuProfile, countMax: number): HotSpot[] {
  const hits = new Map<string, number>();
  let total = 0;
  for (const { callFrame, hitCount = 0 } of profile.nodes) {
    if (callFrame.functionName === '(idle)' || callFrame.functionName === '(root)') continue;
    const place = placeOf(callFrame);
    hits.set(place, (hits.get(place) ?? 0) + hitCount);
    total += hitCount;
  }
  return [...hits]
    .sort((a, b) => b[1] - a[1])
    .slice(0, countMax)
    .map(([place, count]) => ({ place, selfPercent: (count / Math.max(total, 1)) * 100 }));
}

/** The same samples by where the code comes from: a workspace package, a library, Node itself, native code. */
export function byOrigin(profile: CpuProfile): HotSpot[] {
  const origins = hotSpots(profile, Number.POSITIVE_INFINITY);
  const shares = new Map<string, number>();
  for (const { place, selfPercent } of origins) {
    const origin = originPattern.exec(place)?.[0] ?? (place.startsWith('(') ? place : 'native');
    shares.set(origin, (shares.get(origin) ?? 0) + selfPercent);
  }
  return [...shares].sort((a, b) => b[1] - a[1]).map(([place, selfPercent]) => ({ place, selfPercent }));
}

const originPattern = /^(node:|(packages|services|bench|node_modules)\/(@[^/]+\/)?[^/]+)/;

function placeOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  const file = url.replace(/^file:\/\//, '').replace(/^.*\/((?:node_modules|packages|services|bench)\/)/, '$1');
  return `${file}:${lineNumber + 1} ${name}`;
}

/**
 * Puts the connections that are open under load once more and says where each process spends its time. After the row was
 * measured, not while: a profiler costs.
 */
export async function sayHotSpots(
  run: BenchRun,
  inFlight: number,
  processes: readonly StartedProcess[],
): Promise<void> {
  await run.generator.call('start', { inFlight });
  await pause(run.pace.warmUpMs);
  run.say(`  Redis commands per 1,000 messages: ${await commandsPerThousand(run)}`);
  for (const started of processes) {
    const inspector = await Inspector.attach(started);
    await inspector.startProfile(profileIntervalMicroseconds);
    await pause(profileMs);
    const profile = await inspector.stopProfile();
    inspector.close();
    const origins = byOrigin(profile).filter(({ selfPercent }) => selfPercent >= 0.5);
    run.say(`  ${started.name}: ${origins.map((spot) => `${spot.place} ${spot.selfPercent.toFixed(1)} %`).join(', ')}`);
    run.say(`  hottest functions of ${started.name}, self %:`);
    for (const { place, selfPercent } of hotSpots(profile, spotsShown))
      run.say(`  ${selfPercent.toFixed(1).padStart(7)}  ${place}`);
  }
  await run.generator.call('stop', undefined);
}

/** How well the bus batches: each command is a write and a read of some process. */
async function commandsPerThousand(run: BenchRun): Promise<string> {
  const look = async () => ({
    messages: await run.generator.call('count', undefined),
    calls: (await readRedisFacts(run.redis.port)).calls,
  });
  const before = await look();
  await pause(commandsMs);
  const after = await look();
  const messages = Math.max(after.messages - before.messages, 1);
  return Object.entries(after.calls)
    .map(([command, calls]) => [command, ((calls - (before.calls[command] ?? 0)) / messages) * 1_000] as const)
    .filter(([, rate]) => rate >= 0.1)
    .sort((a, b) => b[1] - a[1])
    .map(([command, rate]) => `${command} ${rate.toFixed(1)}`)
    .join(', ');
}
