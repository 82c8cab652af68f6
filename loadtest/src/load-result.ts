export interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
  max: number;
  count: number;
}

/** What `lib/summary.js` makes of a run; names and units that scripts may rely on. Every count is exact. */
export interface LoadResult {
  scenario: string;
  profile: string;
  passed: boolean;
  runId: string;
  startedAt: string;
  /** When the load itself ran, ms since 1970. */
  workFromMs: number;
  workToMs: number;
  /** What costs are counted by. */
  per: 'message' | 'post' | 'connection';
  seed: string;
  target: string[];
  connections: number;
  ratePerSecond: number;
  workSeconds: number;
  runSeconds: number;
  messages: {
    sent: number;
    answered: number;
    refused: number;
    cut: number;
    skipped: number;
    lost: number;
    duplicated: number;
    outOfOrder: number;
    unknownFrames: number;
    perSecond: number;
  };
  posts: { sent: number; failed: number; throttled: number; falseGone: number; falseOk: number; perSecond: number };
  opened: number;
  handshakesRetried: number;
  handshakesFailed: number;
  abnormalCloses: number;
  disconnectsMissing: number;
  slowClosed: number;
  /** Clients that k6 broke off: what they had sent is in none of the counts. */
  clientsUnaccounted: number;
  /** By close code; codes that did not occur are left out. */
  closes: Record<string, number>;
  latency: Partial<Record<LatencyName, Percentiles>>;
  failed: ThresholdResult[];
  thresholds: ThresholdResult[];
}

export type LatencyName =
  | 'rttMs'
  | 'deliveryMs'
  | 'fanOutMs'
  | 'connectMs'
  | 'reconnectMs'
  | 'handshakeMs'
  | 'generatorLagMs';

export interface ThresholdResult {
  metric: string;
  threshold: string;
  ok: boolean;
}
