import type { ConnectionId, Scope } from '@sluice/contracts';

/**
 * Who is where: node slots with their leases, the connections of each node, and which `$disconnect` has been seen to.
 * Implementations: `memory-connection-store.ts` (standalone) and `redis-connection-store.ts` (cluster), one conformance suite.
 */
export interface ConnectionStore {
  /**
   * Claims a free node slot for this process and keeps its lease renewed (`leaseMs`, every `leaseRenewIntervalMs`). Waits for
   * a store that is away; rejects after `close`, and with a `RangeError` where no slot is free.
   */
  join(handlers: MembershipHandlers): Promise<Membership>;

  /** Whether a node slot has a living owner. `unknown` while the store is away, or came back so lately that a live node may not have renewed yet. */
  nodeState(nodeSlot: number): Promise<NodeState>;

  /**
   * Looks for nodes whose lease ended, and takes over those that were already seen dead `reapSuspectMs` ago: atomically, one
   * winner per node. For each chunk of their connections `emit` is awaited and then the chunk is forgotten; when `emit`
   * rejects, the rest stays for the next sweep, by whomever. Returns how many nodes and connections were taken over.
   */
  reapDeadNodes(emit: (records: ConnectionRecord[]) => Promise<void>): Promise<{ nodes: number; connections: number }>;

  /**
   * True where this claimant may run the `$disconnect` of the connection: nobody has claimed it in the last
   * `disconnectMarkerMs`, or the same claimant has (a redelivery). `$disconnect` envelopes can come twice: from the edge
   * itself and from the survivor that took it over.
   */
  claimDisconnect(connectionId: ConnectionId, claimant: string): Promise<boolean>;

  close(): Promise<void>;
}

export type NodeState = 'live' | 'gone' | 'unknown';

export interface MembershipHandlers {
  /** Another process has taken this node over: its connections are no longer ours, their `$disconnect` is being sent. */
  onFenced(): void;
  /** The store had forgotten this node and it has been made again: all live connections must be registered once more. */
  onForgotten(): void;
}

export interface Membership {
  readonly nodeSlot: number;
  /** Names this life of the process; a slot used again later has another. */
  readonly incarnation: string;
  /** Whether the lease is certainly ours by the local monotonic clock. False after a freeze, until a renewal says otherwise. */
  held(): boolean;
  /** Renews now; false where the node has been taken over (then `onFenced` has been called). Rejects while the store is away. */
  renew(): Promise<boolean>;
  /**
   * Remembers a connection; resolves when the store has confirmed it. Batched per tick. Rejects when the first attempt
   * fails, but goes on trying in the background, so that a connection that stays is remembered: who turns the connection
   * away after a rejection calls `unregister`. A rejection that nobody awaits is no unhandled one.
   */
  register(record: ConnectionRecord): Promise<void>;
  /** Forgets a connection whose `$disconnect` is on the bus. Batched per tick, retried in the background. */
  unregister(connectionId: ConnectionId): void;
  /** Shows others that this node takes no new connections. */
  markDraining(): Promise<void>;
  /** Gives the slot back. What is still registered then is taken over by the next sweep, without a second look. */
  leave(): Promise<void>;
}

/** What a survivor needs to send the `$disconnect` of a connection. */
export interface ConnectionRecord {
  connectionId: ConnectionId;
  scope: Scope;
  connectionContext: string;
}
