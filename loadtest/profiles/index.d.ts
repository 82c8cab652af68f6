import type { Stage } from '../lib/schedule.js';

export const profiles: Record<
  string,
  { does: string; durationMs: number; rateFactor: number; connectionsFactor: number; curve: Stage[] }
>;
