import type { Envelope } from '@sluice/contracts';
import { isSampled } from '@sluice/telemetry';

/** The context of the first message that is recorded: what a batch can point to as its exemplar. */
export function recordedTrace(envelopes: readonly Envelope[]): string | undefined {
  for (const { traceparent } of envelopes) if (isSampled(traceparent)) return traceparent;
  return undefined;
}
