import type { GatewayConfigs } from './gateway-config.js';
import type { LoadGenerator } from './load-generator.js';
import type { Pace } from './measure-round.js';
import type { StartedProcesses } from './started-processes.js';

/** What one run of the benchmark has at hand. */
export interface BenchRun {
  processes: StartedProcesses;
  generator: LoadGenerator;
  redis: { url: string; port: number; pid: number };
  configs: GatewayConfigs;
  /** Also takes spans, as a collector would. */
  backEndUrl: string;
  /** Access tokens that the JWT authorizer of the handshake rows takes. */
  tokens: readonly string[];
  pace: Pace;
  connections: number;
  idleConnections: number;
  roundTrips: number;
  selection: Selection;
  /** Whether the hottest functions of edge and router are asked for; profiling makes the timed numbers worse. */
  profile: boolean;
  say(line: string): void;
}

export type Place = 'standalone' | 'cluster' | 'edges2';

export const kinds = [
  ...(['mock', 'http', 'template', 'order', 'lambda'] as const),
  ...(['handshake', 'post', 'idle', 'roundtrip', 'tracing'] as const),
] as const;
export type Kind = (typeof kinds)[number];
export const places: readonly Place[] = ['standalone', 'cluster', 'edges2'];

/** Which rows are wanted. The raw echo always runs: every ratio is to it. */
export interface Selection {
  kinds: ReadonlySet<Kind>;
  places: ReadonlySet<Place>;
}

export function wanted({ selection }: { selection: Selection }, place: Place, kind: Kind): boolean {
  return selection.places.has(place) && selection.kinds.has(kind);
}
