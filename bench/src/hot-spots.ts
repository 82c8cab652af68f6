import type { CpuProfile } from './inspector.js';

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

function placeOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  const file = url.replace(/^file:\/\//, '').replace(/^.*\/((?:node_modules|packages|services|bench)\/)/, '$1');
  return `${file}:${lineNumber + 1} ${name}`;
}
