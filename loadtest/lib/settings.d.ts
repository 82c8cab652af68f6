import type { Stage } from './schedule.js';

export class SettingsError extends Error {}

export interface Settings {
  [name: string]: unknown;
  edgeUrl: string[];
  callbackUrl: string[];
  connections: number;
  rate: number;
  durationMs: number;
  rampMs: number;
  runId: string;
  accessKeyId: string;
}

export interface Catalogue {
  scenarios: Record<string, { name: string; defaults: object; needs?: string[] }>;
  profiles: Record<string, { durationMs: number; rateFactor: number; connectionsFactor: number; curve: Stage[] }>;
}

export function durationMs(text: string): number | undefined;
export function readSettings(
  environment: Record<string, string>,
  catalogue: Catalogue,
): { settings: Settings; scenario: { name: string }; profile: { curve: Stage[] } };
