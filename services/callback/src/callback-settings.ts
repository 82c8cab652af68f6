import type { AccessKey } from '@sluice/auth';
import { type ForwardedHeader, limits } from '@sluice/contracts';

/** What a callback service is told; `packages/config` resolves it. */
export interface CallbackSettings {
  /** Address to listen on. */
  host: string;
  /** 0 takes any free port; undefined opens no listener: requests then come only through `serveManagement`. */
  port: number | undefined;
  auth: { mode: 'sigv4'; keys: readonly AccessKey[] } | { mode: 'none'; keys?: readonly AccessKey[] | undefined };
  /** Region and account in the ARNs that policies are evaluated against; signatures must be for this region. */
  region: string;
  accountId: string;
  /** Whether a 413 is as bare as that of the model service (spec 09 §9.4). Unset: no, it carries its type and a message. */
  strict413?: boolean | undefined;
  /** Address ranges of proxies whose word on the caller's address is believed, in access logs. Unset: nobody's. */
  trustedProxies?: readonly string[] | undefined;
  /** Which headers they write. Unset: `X-Forwarded-*`. */
  forwardedHeader?: ForwardedHeader | undefined;
  /** Unset members are those of the limits file. */
  limits?: Partial<CallbackLimits> | undefined;
}

/** The limits of the callback service, as `packages/contracts` explains them. */
export interface CallbackLimits {
  bodyTimeoutMs: number;
  inflightMax: number;
  deliveryTimeoutMs: number;
  drainWorkMs: number;
}

export function callbackLimits(given: Partial<CallbackLimits> = {}): CallbackLimits {
  return {
    bodyTimeoutMs: limits.requestBodyTimeoutMs,
    inflightMax: limits.callbackInflightMax,
    deliveryTimeoutMs: limits.deliveryTimeoutMs,
    drainWorkMs: limits.drainWorkMs,
    ...given,
  };
}
