import type { Bus, Refusal } from '@sluice/bus';
import {
  type ConnectEnvelope,
  type Envelope,
  limits,
  newConnectionId,
  newRequestId,
  type TrustedProxies,
  type VerdictCommand,
} from '@sluice/contracts';
import { type DefinitionStore, resolveAddress, type StageSnapshot } from '@sluice/definitions';
import { failureReason, type Telemetry, traceField } from '@sluice/telemetry';
import { monotonicMs } from './clock.js';
import { connectContextOf, contextOf, keptContextOf } from './connection-context.js';
import { checkUpgradeHead, headerOf } from './handshake-request.js';
import { endHandshake, traceHandshake } from './handshake-span.js';
import { type HeldUpgrade, HeldUpgrades, newConnection } from './held-upgrade.js';
import { failedHandshake, type HttpAnswer, unavailable } from './http-answer.js';
import type { Lifetime } from './lifetime.js';
import type { EdgeNode } from './membership.js';
import type { OpenConnections } from './open-connections.js';
import { appendTraced, startConnectSpan } from './producer-span.js';
import type { Registrations } from './registrations.js';
import type { PendingUpgrade } from './socket-server.js';
import type { HandshakeResult, StageState, Stages } from './stage-state.js';
import type { ApiBuckets, TokenBucket } from './token-bucket.js';
import { foreignOrigin, refuseAddress, refuseOrigin, refuseUnknown, turnAway, turnAwayFrom } from './turned-away.js';
import { ruleOn } from './verdict.js';

export interface UpgradeParts {
  bus: Bus;
  definitions: DefinitionStore;
  telemetry: Telemetry;
  stages: Stages;
  connections: OpenConnections;
  registrations: Registrations;
  lifetime: Lifetime;
  bucket: TokenBucket;
  apiBuckets: ApiBuckets;
  node: () => EdgeNode | undefined;
  /** Whether new connections are taken at all: neither draining nor at the ceiling. */
  admits: () => boolean;
  proxies: TrustedProxies;
  ownPort: () => number;
}

/** The handshake of spec 01 §1.2, from the upgrade request to 101 or refusal. */
export class Upgrades {
  readonly held = new HeldUpgrades();
  /** Upgrades with a verdict whose record is being written: no longer held, not yet answered. */
  registeringCount = 0;
  private stopped = false;

  constructor(private readonly parts: UpgradeParts) {}

  /** Cheapest checks first, so that a storm is turned away before it costs anything. */
  take(request: PendingUpgrade): void {
    const startedAtMs = monotonicMs();
    const node = this.parts.node();
    if (node === undefined || !this.parts.admits()) return turnAway(request, this.parts.telemetry, 'not_admitting');
    // Also where no verdict is needed: every frame of such a client would be refused, and its connection stay unregistered.
    if (!this.parts.bus.available) return turnAway(request, this.parts.telemetry, 'bus_unavailable');
    if (!this.parts.bucket.take(startedAtMs)) return turnAway(request, this.parts.telemetry, 'handshake_rate');
    const refusal = checkUpgradeHead(request.head);
    if (refusal !== undefined) return refuseUnknown(request, this.parts.telemetry, refusal);
    const host = headerOf(request.head, 'host');
    const address = resolveAddress(this.parts.definitions, host, request.head.path);
    if (address.kind !== 'stage' || address.rest.length > 0) {
      return refuseAddress(request, this.parts.telemetry, host);
    }
    const stage = this.parts.stages.of(address.snapshot);
    const foreign = foreignOrigin(stage, request.head);
    if (foreign !== undefined) return refuseOrigin(request, this.parts.telemetry, stage, foreign);
    // After the origin: pages that may not connect must not use up what those that may are granted.
    if (!this.parts.apiBuckets.take(stage.apiId, stage.limits, startedAtMs)) {
      return turnAwayFrom(request, this.parts.telemetry, stage, 'api_handshake_rate');
    }
    const held = this.prepare(request, stage, node, startedAtMs);
    if (!address.snapshot.connectNeedsVerdict) return this.accept(held, '', false);
    if (!this.held.hasRoom(stage)) {
      return this.refuse(held, unavailable(), 'throttled', 'handshakes_pending');
    }
    this.hold(held, address.snapshot, node);
  }

  /** What a router decided about a held upgrade. One that is no longer held was aborted or has timed out. */
  verdict(command: VerdictCommand): void {
    const held = this.release(command.connectionId);
    if (held === undefined) return;
    const ruling = ruleOn(command, held.requestId);
    if (ruling.accepted) {
      if (!this.adopt(held, command.connectionContext)) return;
      this.registeringCount++;
      void this.register(held, ruling.protocol).finally(() => this.registeringCount--);
    } else this.refuse(held, ruling.answer, command.status >= 500 ? 'failed' : 'refused');
  }

  /** No verdict came in time. */
  overdue(held: HeldUpgrade): void {
    if (this.release(held.connectionId) === undefined) return;
    this.logFailure(held, 'no verdict on $connect came in time; is a router running?');
    this.refuse(held, failedHandshake('integration_timeout', held.connectionId, held.requestId), 'failed');
  }

  /** Their verdicts will not reach this node: its slot is lost, or it goes. */
  refuseAll(): void {
    for (const held of this.held.takeAll()) {
      this.parts.lifetime.forget(held);
      this.refuse(held, unavailable(), 'failed', 'fenced');
    }
  }

  /** No connection comes into being any more: one whose record is being written would outlive the drain and end in a 1006. */
  stop(): void {
    this.stopped = true;
    this.refuseAll();
  }

  private prepare(request: PendingUpgrade, stage: StageState, node: EdgeNode, startedAtMs: number): HeldUpgrade {
    const forwarded = this.parts.proxies.forwarded(request.head, this.parts.ownPort());
    const connectionId = newConnectionId(node.slot);
    return {
      kind: 'held-upgrade',
      request,
      connectionId,
      requestId: newRequestId(),
      stage,
      context: contextOf(request.head, forwarded),
      forwarded,
      startedAtMs,
      trace: traceHandshake(this.parts.telemetry.tracing, request.head, stage, connectionId),
      dueTick: -1,
      wheelIndex: -1,
    };
  }

  private hold(held: HeldUpgrade, snapshot: StageSnapshot, node: EdgeNode): void {
    this.held.add(held);
    held.request.onAborted = () => this.aborted(held);
    const patienceMs = snapshot.connectTimeoutMs + limits.connectVerdictMarginMs;
    this.parts.lifetime.watchVerdict(held, held.startedAtMs + patienceMs);
    const { head } = held.request;
    const envelope: ConnectEnvelope = {
      kind: 'CONNECT',
      scope: held.stage.scope,
      connectionId: held.connectionId,
      requestId: held.requestId,
      timeMs: Date.now(),
      connectionContext: connectContextOf(held.context, held.forwarded),
      traceparent: held.trace.traceparent,
      handshake: { headers: head.headers, queryString: head.queryString, rawPath: head.path },
    };
    const settled = this.connectSettled;
    if (held.trace.span === undefined) node.producer.append(envelope, settled);
    else appendTraced(node.producer, startConnectSpan(this.parts.telemetry.tracing, envelope), envelope, settled);
  }

  /** What authorization has added to the context holds from before the record and the 101. */
  private adopt(held: HeldUpgrade, context: string | undefined): boolean {
    if (context === undefined) return true;
    try {
      held.context = keptContextOf(context);
    } catch (error) {
      this.logFailure(held, 'the verdict on $connect came with a context that cannot be read', error);
      this.refuse(held, failedHandshake('internal', held.connectionId, held.requestId), 'failed');
      return false;
    }
    return true;
  }

  private readonly connectSettled = (envelope: Envelope, refusal: Refusal | undefined): void => {
    if (refusal === undefined) return;
    const held = this.release(envelope.connectionId);
    if (held !== undefined) this.refuse(held, unavailable(), 'throttled', refusal);
  };

  /** The record comes before the 101: from the first moment the client counts as connected, a survivor knows of it. */
  private async register(held: HeldUpgrade, protocol: string): Promise<void> {
    const node = this.parts.node();
    const record = {
      connectionId: held.connectionId,
      scope: held.stage.scope,
      connectionContext: held.context,
    };
    try {
      if (node === undefined) throw new Error('this node has just been taken over');
      await node.membership.register(record);
    } catch (error) {
      this.logFailure(held, 'the connection could not be registered', error);
      // The store tries on: a record that gets there would have a survivor announce the end of what never was.
      node?.membership.unregister(held.connectionId);
      this.refuse(held, unavailable(), 'failed', 'store_unavailable');
      return;
    }
    // Without a 101 the connection never existed, and nobody is told that it ended (spec 01 §1.2).
    if (held.request.aborted || this.stopped || this.parts.node() !== node) {
      node.membership.unregister(held.connectionId);
      if (!held.request.aborted) this.refuse(held, unavailable(), 'failed', this.stopped ? 'not_admitting' : 'fenced');
      return;
    }
    this.accept(held, protocol, true);
  }

  private accept(held: HeldUpgrade, protocol: string, registered: boolean): void {
    const nowMs = monotonicMs();
    const connection = newConnection(held, registered, nowMs, Math.random());
    if (held.request.aborted) return;
    // In the table before the 101: the library may close the socket again before `accept` returns (README, last paragraph).
    this.parts.connections.add(connection);
    held.request.accept(connection, protocol);
    if (!registered) this.parts.registrations.add(connection);
    endHandshake(held.trace, 101);
    held.stage.countHandshake('accepted', nowMs - held.startedAtMs, held.trace.traceparent);
  }

  private refuse(held: HeldUpgrade, answer: HttpAnswer, result: HandshakeResult, reason?: string): void {
    if (!held.request.refuse(answer)) return;
    if (reason !== undefined) this.parts.telemetry.metrics.throttledTotal.labels(held.stage.apiId, reason).inc();
    endHandshake(held.trace, answer.status);
    held.stage.countHandshake(result, monotonicMs() - held.startedAtMs, held.trace.traceparent);
  }

  private aborted(held: HeldUpgrade): void {
    // While the registration is awaited it is no longer held; `register` sees the abort itself.
    this.release(held.connectionId);
    endHandshake(held.trace, 'aborted');
    held.stage.countHandshake('aborted', monotonicMs() - held.startedAtMs, held.trace.traceparent);
  }

  private release(connectionId: string): HeldUpgrade | undefined {
    const held = this.held.take(connectionId);
    if (held !== undefined) this.parts.lifetime.forget(held);
    return held;
  }

  private logFailure(held: HeldUpgrade, what: string, error?: unknown): void {
    this.parts.telemetry.log.warn('edge.handshake_failed', what, {
      api: held.stage.apiId,
      stage: held.stage.stageName,
      connection_id: held.connectionId,
      request_id: held.requestId,
      ...traceField(held.trace.traceparent),
      ...(error === undefined ? {} : { reason: failureReason(error) }),
    });
  }
}
