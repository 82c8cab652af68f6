import type { BackgroundJobs, Delivery } from '@sluice/bus';
import type { ConnectionStore } from '@sluice/connections';
import {
  ByteWriter,
  type DisconnectEnvelope,
  errorKinds,
  limits,
  MalformedBytesError,
  readBatch,
  writeBatchHead,
  writeEnvelope,
} from '@sluice/contracts';
import type { IntegrationOutcome } from '@sluice/integrations';
import type { Log, Telemetry } from '@sluice/telemetry';
import { envelopeFields } from './envelope-fields.js';
import { endingOf } from './journal.js';
import { logFailure } from './log-refusal.js';
import { Postponed } from './postponed.js';
import type { PreparedRoute } from './prepare-route.js';
import type { StageTables } from './stage-tables.js';
import { noteOutcome } from './trace-process.js';

const retryJob = 'retry-disconnect';
/** While the store is away a `$disconnect` waits; its entry stays unacknowledged, so a peer can take it over. */
const storeRetryDelayMs = 1_000;

interface DisconnectParts {
  connections: ConnectionStore;
  jobs: BackgroundJobs;
  tables: StageTables;
  telemetry: Telemetry;
  /** Calls in all where the back end gives no answer; 1 never asks again. */
  attemptsMax: number;
  /** Takes a delivery that could not be processed: nobody else catches what is thrown after the store has answered. */
  failed: (delivery: Delivery, error: unknown) => void;
}

/**
 * `$disconnect`: once for each connection, whoever reports its end. The edge and, after its death, a survivor may both put
 * an envelope on the stream; the claim in the connection store lets one of them through. A back end that gave no answer is
 * asked again by a background job; one that answered, whatever it said, has been told (spec 01 §1.5).
 */
export function createDisconnectHandler({
  connections,
  jobs,
  tables,
  telemetry,
  attemptsMax,
  failed,
}: DisconnectParts) {
  const postponed = new Postponed(storeRetryDelayMs);

  function handle(delivery: Delivery, envelope: DisconnectEnvelope): void {
    const route = tables.get(envelope.scope)?.disconnect;
    if (route === undefined || (route.integration === undefined && route.journal === undefined)) return delivery.done();
    connections
      .claimDisconnect(envelope.connectionId, delivery.deliveryId)
      .then(
        (ours) => {
          if (ours) return invoke(delivery, envelope, route);
          route.metrics.duplicate();
          delivery.done();
        },
        () => postponed.later(() => handleAgain(delivery, envelope)),
      )
      .catch((error: unknown) => failed(delivery, error));
  }

  function handleAgain(delivery: Delivery, envelope: DisconnectEnvelope): void {
    try {
      handle(delivery, envelope);
    } catch (error) {
      failed(delivery, error);
    }
  }

  function invoke(delivery: Delivery, envelope: DisconnectEnvelope, route: PreparedRoute): void {
    const journal = route.journal?.open(envelope);
    if (route.integration === undefined) {
      journal?.end({ status: 200 });
      return delivery.done();
    }
    journal?.invoking();
    const request = journal?.observer === undefined ? envelope : { ...envelope, observer: journal.observer };
    route.integration.invoke(request, (outcome) => {
      const result = outcome.ok ? 'ok' : outcome.code;
      route.metrics.settled(result, envelope.timeMs, Date.now(), envelope.traceparent);
      noteOutcome(delivery, '$disconnect', result);
      // Of the first attempt: the retries of a background job are no second event.
      journal?.end(endingOf(outcome));
      if (needsRetry(outcome) && attemptsMax > 1) return queueRetry(delivery, envelope);
      if (!outcome.ok) logFailure(telemetry.log, envelope, '$disconnect', outcome);
      delivery.done();
    });
  }

  /** The retry is on the job queue before the entry is acknowledged, so a crash between the two repeats rather than loses it. */
  function queueRetry(delivery: Delivery, envelope: DisconnectEnvelope): void {
    const options = {
      attemptsMax: attemptsMax - 1,
      delayMs: limits.disconnectRetryDelayMs,
      jobId: `disconnect-${Buffer.from(envelope.connectionId).toString('hex')}`,
    };
    jobs.enqueue(retryJob, encode(envelope), options).then(
      () => delivery.done(),
      () => postponed.later(() => queueRetry(delivery, envelope)),
    );
  }

  return {
    handle,
    /** Ends the attempts that wait for their turn. */
    stop: () => postponed.stop(),
    /** Makes this process one of those that work off the retries. */
    handleRetries: () =>
      jobs.handle(retryJob, ({ data, attempt }) => retry(decode(data), attempt, tables, telemetry.log)),
  };
}

/** One more attempt; rejects where the back end gave no answer again. */
function retry(envelope: DisconnectEnvelope, attempt: number, tables: StageTables, log: Log): Promise<void> {
  const route = tables.get(envelope.scope)?.disconnect;
  const integration = route?.integration;
  if (route === undefined || integration === undefined) return Promise.resolve();
  route.metrics.retry();
  return new Promise((resolve, reject) => {
    integration.invoke(envelope, (outcome) => {
      if (!needsRetry(outcome)) return resolve();
      log.warn('router.disconnect_retry', `no answer to $disconnect: ${outcome.detail}`, {
        ...envelopeFields(envelope),
        count: attempt + 1,
      });
      reject(new Error(outcome.detail));
    });
  });
}

function needsRetry(outcome: IntegrationOutcome): outcome is IntegrationOutcome & { ok: false } {
  return !outcome.ok && errorKinds[outcome.code].retryable;
}

function encode(envelope: DisconnectEnvelope): string {
  const writer = new ByteWriter(512);
  writeBatchHead(writer, '', envelope.timeMs);
  writeEnvelope(writer, envelope);
  return writer.view().toString('base64');
}

function decode(data: string): DisconnectEnvelope {
  const [envelope] = readBatch(Buffer.from(data, 'base64')).envelopes;
  if (envelope?.kind !== 'DISCONNECT') throw new MalformedBytesError('a retry job holds one DISCONNECT envelope');
  return envelope;
}
