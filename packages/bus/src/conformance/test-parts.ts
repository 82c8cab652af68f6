import { type Envelope, type InboxCommand, newConnectionId, newRequestId } from '@sluice/contracts';
import { createMetrics, noTracing, type Telemetry } from '@sluice/telemetry';
import type { Delivery } from '../bus.js';
import type { BusTiming } from '../timing.js';

/** A third and less of the real times, so that a test sees leases end and peers take over within seconds. */
export const testTiming: BusTiming = {
  leaseMs: 4_500,
  leaseRenewIntervalMs: 1_500,
  reclaimIntervalMs: 500,
  blockingReadMs: 300,
  blockingReadGraceMs: 1_500,
  busCloseMs: 500,
  newerEntryMsMax: 60_000,
};

/** Telemetry with real metrics, silent logs and no traces. */
export function quietTelemetry(): Telemetry {
  const ignore = () => {};
  return {
    metrics: createMetrics(),
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    tracing: noTracing,
  };
}

/** A MESSAGE envelope with this text as body. */
export function message(text: string, connectionId = newConnectionId(7)): Envelope {
  return {
    kind: 'MESSAGE',
    scope: 'chat/dev',
    connectionId,
    requestId: newRequestId(),
    messageId: newRequestId(),
    timeMs: Date.now(),
    connectionContext: '{}',
    traceparent: undefined,
    body: Buffer.from(text),
  };
}

export function textOf(delivery: Delivery): string {
  return delivery.envelope.kind === 'MESSAGE' ? Buffer.from(delivery.envelope.body).toString() : delivery.envelope.kind;
}

export function reply(text: string): InboxCommand {
  return { kind: 'REPLY', connectionId: 'gbgHN0-zjQAYKEjhgA==', body: Buffer.from(text) };
}

export function replyText(command: InboxCommand): string {
  return command.kind === 'REPLY' ? Buffer.from(command.body).toString() : command.kind;
}

/** Waits until the condition holds; throws with the description when it does not in time. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 5_000,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Adds up a counter over the labels given. */
export async function counted(
  metric: { get(): Promise<{ values: { value: number; labels: object }[] }> },
  labels: Record<string, string> = {},
): Promise<number> {
  const { values } = await metric.get();
  const matching = values.filter((value) =>
    Object.entries(labels).every(([name, text]) => (value.labels as Record<string, unknown>)[name] === text),
  );
  return matching.reduce((sum, value) => sum + value.value, 0);
}
