import { limits } from '@sluice/contracts';

/** The times by which nodes live and die, ms. Tests shorten them; everything else uses the limits. */
export interface ConnectionTiming {
  leaseMs: number;
  leaseRenewIntervalMs: number;
  leaseRetryDelayMs: number;
  reapSuspectMs: number;
  nodeStateCacheMs: number;
  /** Silence after which the connection to Redis is given up. */
  silentMsMax: number;
}

export const defaultTiming: ConnectionTiming = {
  leaseMs: limits.leaseMs,
  leaseRenewIntervalMs: limits.leaseRenewIntervalMs,
  leaseRetryDelayMs: limits.leaseRetryDelayMs,
  reapSuspectMs: limits.reapSuspectMs,
  nodeStateCacheMs: limits.nodeStateCacheMs,
  silentMsMax: limits.blockingReadMs + limits.blockingReadGraceMs,
};

/** Milliseconds of a clock that nobody sets and that goes on while the process is frozen. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}
