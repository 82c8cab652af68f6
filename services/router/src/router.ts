import type { AccessKey } from '@sluice/auth';
import type { Delivery, FrameConsumer } from '@sluice/bus';
import { limits } from '@sluice/contracts';
import { answerFault } from './answer-fault.js';
import { envelopeFields } from './envelope-fields.js';
import { ConnectHandler } from './handle-connect.js';
import { createDisconnectHandler } from './handle-disconnect.js';
import { MessageHandler } from './handle-message.js';
import { reapDeadNodes } from './reap-dead-nodes.js';
import { handleRedriveJobs } from './redrive-dead-letters.js';
import type { RouterParts } from './router-parts.js';
import { openRouterTables } from './router-tables.js';
import { traceProcess } from './trace-process.js';

export interface Router {
  /** Joins the router group and starts the background jobs. */
  start(): Promise<void>;
  /** Stops reading, finishes the work in flight (at most `timeoutMs`, default `limits.drainWorkMs`), acknowledges. */
  stop(timeoutMs?: number): Promise<void>;
  /**
   * Whose signatures open AWS_IAM routes, and which, from the call of what it gives on. Throws `RangeError` where two keys have one
   * id; that call cannot fail.
   */
  prepareKeys(keys: readonly AccessKey[]): () => void;
  /** Envelopes taken and not yet settled. */
  readonly inflight: number;
}

/**
 * The router: takes envelopes from the stream, chooses the route, invokes the integration, replies, acknowledges.
 * Every envelope is settled exactly once, and only after its reply or verdict was handed to the bus.
 */
export function createRouter(parts: RouterParts): Router {
  const { bus, jobs, telemetry } = parts;
  const { tables, prepareKeys, close } = openRouterTables(parts);
  const messages = new MessageHandler({ bus, tables, telemetry, failed });
  const connects = new ConnectHandler({ bus, tables, telemetry, failed });
  const disconnects = createDisconnectHandler({
    connections: parts.connections,
    attemptsMax: parts.disconnectAttemptsMax ?? limits.disconnectAttemptsMax,
    jobs,
    tables,
    telemetry,
    failed,
  });
  let consumer: FrameConsumer | undefined;

  function handle(delivery: Delivery): void {
    const traced = telemetry.tracing.enabled ? traceProcess(delivery, telemetry.tracing) : delivery;
    try {
      switch (traced.envelope.kind) {
        case 'MESSAGE':
          return messages.handle(traced, traced.envelope);
        case 'CONNECT':
          return connects.handle(traced, traced.envelope);
        case 'DISCONNECT':
          return disconnects.handle(traced, traced.envelope);
      }
    } catch (error) {
      failed(traced, error);
    }
  }

  // A throw is a fault of ours and would repeat on every delivery: keep the envelope where it can be looked at.
  function failed(delivery: Delivery, error: unknown): void {
    telemetry.log.error('router.envelope_failed', `${delivery.envelope.kind} could not be processed`, {
      ...envelopeFields(delivery.envelope),
      error,
    });
    answerFault(bus, delivery);
    delivery.dead('router_error');
  }

  return {
    async start() {
      await disconnects.handleRetries();
      await handleRedriveJobs(jobs, bus, telemetry);
      const reaping = { producer: bus.openProducer(''), connections: parts.connections };
      await jobs.every('reap-dead-nodes', limits.reapIntervalMs, () => reapDeadNodes(reaping));
      const options = parts.inflightMax === undefined ? {} : { inflightMax: parts.inflightMax };
      consumer = await bus.consume(handle, options);
      telemetry.log.info('router.started', 'taking frames from the stream');
    },
    async stop(timeoutMs = limits.drainWorkMs) {
      await consumer?.stop(timeoutMs);
      disconnects.stop();
      await close();
    },
    prepareKeys,
    get inflight() {
      return consumer?.inflight ?? 0;
    },
  };
}
