import { limits } from '@sluice/contracts';

/** Pause before the next attempt after so many failed ones, ms: doubling with full jitter, so that edges do not retry in step. */
export function retryDelayMs(failures: number, random = Math.random()): number {
  const ceiling = Math.min(limits.edgeRetryDelayMsMax, limits.edgeRetryDelayMs * 2 ** Math.min(failures, 16));
  return Math.ceil(ceiling * (0.5 + random / 2));
}

/** Runs the task until it succeeds or `stopped()` says that nobody wants it any more. Failures are given to `failed`. */
export async function retryUntilDone(
  task: () => Promise<void>,
  stopped: () => boolean,
  failed: (error: unknown) => void,
): Promise<void> {
  for (let failures = 0; !stopped(); failures++) {
    try {
      await task();
      return;
    } catch (error) {
      failed(error);
      await new Promise((resolve) => setTimeout(resolve, retryDelayMs(failures)).unref());
    }
  }
}
