import type { ConnectionId, RequestId } from '@sluice/contracts';
import type { ActiveSpan } from '@sluice/telemetry';
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
  readonly context: string;
  readonly startedAtMs: number;
  readonly span: ActiveSpan | undefined;
}

/** The held upgrades of this node by connection id. Bounded by `handshakesPendingMax`, which its user checks. */
export class HeldUpgrades {
  private readonly byId = new Map<ConnectionId, HeldUpgrade>();

  get count(): number {
    return this.byId.size;
  }

  add(held: HeldUpgrade): void {
    this.byId.set(held.connectionId, held);
  }

  /** Takes it out: whoever gets it owes the answer. */
  take(connectionId: ConnectionId): HeldUpgrade | undefined {
    const held = this.byId.get(connectionId);
    if (held !== undefined) this.byId.delete(connectionId);
    return held;
  }

  takeAll(): HeldUpgrade[] {
    const all = [...this.byId.values()];
    this.byId.clear();
    return all;
  }
}
