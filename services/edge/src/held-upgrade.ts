import { type ConnectionId, type Forwarded, limits, type RequestId } from '@sluice/contracts';
import { authorizationEndsAtMs } from './authorization-end.js';
import { type Connection, endOfLife } from './connection.js';
import type { HandshakeTrace } from './handshake-span.js';
import { noSocket } from './socket.js';
import type { PendingUpgrade } from './socket-server.js';
import type { StageState } from './stage-state.js';
import type { Timed } from './timing-wheel.js';

/** An upgrade whose `$connect` runs: the connection has an id already, but callbacks do not find it (spec 01 §1.2). */
export interface HeldUpgrade extends Timed {
  readonly kind: 'held-upgrade';
  readonly request: PendingUpgrade;
  readonly connectionId: ConnectionId;
  readonly requestId: RequestId;
  readonly stage: StageState;
  /** Of the connection that it becomes; a verdict may replace it. */
  context: string;
  readonly forwarded: Forwarded;
  readonly startedAtMs: number;
  readonly trace: HandshakeTrace;
}

/** The connection an upgrade becomes. Its socket follows within the 101, before anyone else sees it. */
export function newConnection(held: HeldUpgrade, registered: boolean, nowMs: number, random: number): Connection {
  const endsAtMs = endOfLife(nowMs, held.stage.limits, random);
  return {
    kind: 'connection',
    state: 'open',
    id: held.connectionId,
    stage: held.stage,
    context: held.context,
    socket: noSocket,
    traceparent: held.trace.traceparent,
    registered,
    closing: undefined,
    openedAtMs: nowMs,
    endsAtMs,
    authorizationEndsAtMs: authorizationEndsAtMs(held.context, endsAtMs, nowMs),
    lastActiveAtMs: nowMs,
    lastHeardAtMs: nowMs,
    pingedAtMs: 0,
    queued: false,
    slowSinceMs: 0,
    firstCommand: -1,
    lastCommand: -1,
    dueTick: -1,
    wheelIndex: -1,
  };
}

/** The held upgrades of this node by connection id. */
export class HeldUpgrades {
  private readonly byId = new Map<ConnectionId, HeldUpgrade>();
  private readonly countByStage = new Map<StageState, number>();

  get count(): number {
    return this.byId.size;
  }

  /** Whether there is room for one more of this stage: neither `handshakesPendingMax` nor `handshakesPendingStageMax` is reached. */
  hasRoom(stage: StageState): boolean {
    const ofStage = this.countByStage.get(stage) ?? 0;
    return this.byId.size < limits.handshakesPendingMax && ofStage < limits.handshakesPendingStageMax;
  }

  add(held: HeldUpgrade): void {
    this.byId.set(held.connectionId, held);
    this.countByStage.set(held.stage, (this.countByStage.get(held.stage) ?? 0) + 1);
  }

  /** Takes it out: whoever gets it owes the answer. */
  take(connectionId: ConnectionId): HeldUpgrade | undefined {
    const held = this.byId.get(connectionId);
    if (held === undefined) return undefined;
    this.byId.delete(connectionId);
    const left = (this.countByStage.get(held.stage) ?? 0) - 1;
    if (left > 0) this.countByStage.set(held.stage, left);
    else this.countByStage.delete(held.stage);
    return held;
  }

  takeAll(): HeldUpgrade[] {
    const all = [...this.byId.values()];
    this.byId.clear();
    this.countByStage.clear();
    return all;
  }
}
