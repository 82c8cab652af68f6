import type { ApiLimits, Scope } from '@sluice/contracts';
import { type Close, type CloseName, closes, splitScope } from '@sluice/contracts';
import type { DefinitionStore, StageSnapshot } from '@sluice/definitions';
import type { Metrics } from '@sluice/telemetry';
import { type AllowsOrigin, compileAllowedOrigins } from './allowed-origins.js';
import { compileOrder, type IsOrdered } from './ordered-routes.js';

export type HandshakeResult = 'accepted' | 'refused' | 'failed' | 'throttled' | 'aborted' | 'unknown';

/**
 * What all connections of one stage share: its limits and its metric children, resolved once, because a look-up by labels
 * costs more than the count.
 */
export class StageState {
  readonly apiId: string;
  readonly stageName: string;
  sockets = 0;
  /** Whether a message is of a route with `order: connection`; undefined where the stage has none, and nothing is asked. */
  isOrdered: IsOrdered | undefined;
  /** Undefined where every origin may connect. */
  allowsOrigin: AllowsOrigin | undefined;
  private snapshot: StageSnapshot;
  private readonly socketsGauge;
  private readonly framesIn;
  private readonly framesOut;
  private readonly bytesIn;
  private readonly bytesOut;
  private readonly sizeIn;
  private readonly sizeOut;
  private readonly lifetime;
  readonly pong;

  constructor(
    readonly scope: Scope,
    snapshot: StageSnapshot,
    private readonly metrics: Metrics,
  ) {
    const { apiId, stage } = splitScope(scope);
    this.apiId = apiId;
    this.stageName = stage;
    this.snapshot = snapshot;
    this.compile();
    this.socketsGauge = metrics.sockets.labels(apiId, stage);
    this.framesIn = metrics.framesTotal.labels(apiId, stage, 'in');
    this.framesOut = metrics.framesTotal.labels(apiId, stage, 'out');
    this.bytesIn = metrics.frameBytesTotal.labels(apiId, stage, 'in');
    this.bytesOut = metrics.frameBytesTotal.labels(apiId, stage, 'out');
    this.sizeIn = metrics.frameSizeBytes.labels(apiId, stage, 'in');
    this.sizeOut = metrics.frameSizeBytes.labels(apiId, stage, 'out');
    this.lifetime = metrics.connectionSeconds.labels(apiId, stage);
    this.pong = metrics.pongSeconds.labels(apiId);
    // What alerts divide starts at zero: a series that begins with its first event hides it from `increase`.
    for (const result of ['accepted', 'failed']) metrics.handshakesTotal.labels(apiId, stage, result);
    for (const name of ['abnormal', 'internalError'] as const) {
      metrics.closesTotal.labels(apiId, stage, String(closes[name].code), name);
    }
  }

  get limits(): ApiLimits {
    return this.snapshot.api.limits;
  }

  /** Whether closed connections are announced. */
  get announcesDisconnect(): boolean {
    return this.snapshot.disconnectNeedsRouter;
  }

  get takesBinary(): boolean {
    return this.snapshot.api.binaryFrames === true;
  }

  /** Takes over the newest definition; the last known one stays where the stage is gone while sockets of it are open. */
  refresh(definitions: DefinitionStore): void {
    this.snapshot = definitions.stage(this.scope) ?? this.snapshot;
    this.compile();
  }

  private compile(): void {
    this.isOrdered = compileOrder(this.snapshot);
    this.allowsOrigin = compileAllowedOrigins(this.snapshot.stage.allowedOrigins);
  }

  countIn(byteLength: number): void {
    this.framesIn.inc();
    this.bytesIn.inc(byteLength);
    this.sizeIn.observe(byteLength);
  }

  countOut(byteLength: number): void {
    this.framesOut.inc();
    this.bytesOut.inc(byteLength);
    this.sizeOut.observe(byteLength);
  }

  countOpen(): void {
    this.sockets += 1;
    this.socketsGauge.inc();
  }

  countClose(close: Close, lifeMs: number): void {
    this.sockets -= 1;
    this.socketsGauge.dec();
    this.lifetime.observe(lifeMs / 1000);
    const name = closeNames.get(close);
    // A client may send any code and text: as labels they would be unbounded.
    const code = name === undefined ? `${Math.trunc(close.code / 1000)}xxx` : String(close.code);
    this.metrics.closesTotal.labels(this.apiId, this.stageName, code, name ?? 'client').inc();
  }

  countHandshake(result: HandshakeResult, tookMs: number, traceparent?: string): void {
    this.metrics.handshakesTotal.labels(this.apiId, this.stageName, result).inc();
    this.metrics.handshakeSeconds.labels(this.apiId, this.stageName, result).observe(tookMs / 1000, traceparent);
  }
}

const closeNames = new Map<Close, CloseName>(Object.entries(closes).map(([name, close]) => [close, name as CloseName]));

/** The stages that have had a connection or handshake, one state each. */
export class Stages {
  private readonly byScope = new Map<Scope, StageState>();
  private readonly unsubscribe: () => void;

  constructor(
    private readonly definitions: DefinitionStore,
    private readonly metrics: Metrics,
  ) {
    this.unsubscribe = definitions.subscribe(() => this.refresh());
  }

  of(snapshot: StageSnapshot): StageState {
    let state = this.byScope.get(snapshot.scope);
    if (state === undefined) {
      state = new StageState(snapshot.scope, snapshot, this.metrics);
      this.byScope.set(snapshot.scope, state);
    }
    return state;
  }

  stop(): void {
    this.unsubscribe();
  }

  private refresh(): void {
    for (const [scope, state] of this.byScope) {
      state.refresh(this.definitions);
      if (state.sockets === 0 && this.definitions.stage(scope) === undefined) this.byScope.delete(scope);
    }
  }
}
