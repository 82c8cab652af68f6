import { limits } from '@sluice/contracts';

/** The times by which members of the bus live, die and notice, ms. Tests shorten them; everything else uses the limits. */
export interface BusTiming {
  leaseMs: number;
  leaseRenewIntervalMs: number;
  reclaimIntervalMs: number;
  blockingReadMs: number;
  blockingReadGraceMs: number;
  busCloseMs: number;
  newerEntryMsMax: number;
}

export const defaultTiming: BusTiming = {
  leaseMs: limits.leaseMs,
  leaseRenewIntervalMs: limits.leaseRenewIntervalMs,
  reclaimIntervalMs: limits.reclaimIntervalMs,
  blockingReadMs: limits.blockingReadMs,
  blockingReadGraceMs: limits.blockingReadGraceMs,
  busCloseMs: limits.busCloseMs,
  newerEntryMsMax: limits.newerEntryMsMax,
};
