/**
 * Every key of the connection store. What one script touches shares the hash tag of its node, so that each node's data can
 * live on another shard of a Redis Cluster; the set of slots and the counter have no tag and are only used alone.
 */
export interface ConnectionKeys {
  /** Set of the node slots that have, or lately had, a node record. */
  readonly nodes: string;
  /** Counter from which the next slot to try is taken. */
  readonly slotCounter: string;
  /** Names this life of the data: gone or different after Redis came back empty. */
  readonly birth: string;
  node(nodeSlot: number): NodeKeys;
  /** Marker of a `$disconnect` that has been claimed. */
  disconnect(connectionId: string): string;
}

export interface NodeKeys {
  /** String: the incarnation that owns the node, ends by itself. */
  readonly lease: string;
  /**
   * Hash: incarnation, state, writes, suspectSince, takenBy. Stays until the node has left; once it has been reaped it is a
   * tombstone, which fences the node should it thaw, keeps its slot from being given out, and ends by itself.
   */
  readonly node: string;
  /** Hash: connection id → record. */
  readonly connections: string;
  /** String: the reaper at work on this node, ends by itself. */
  readonly reaper: string;
}

export function connectionKeys(prefix: string): ConnectionKeys {
  return {
    nodes: `${prefix}:nodes`,
    slotCounter: `${prefix}:node-slot-counter`,
    birth: `${prefix}:connections-birth`,
    node(nodeSlot) {
      const tag = `{${prefix}:n${nodeSlot}}`;
      return { lease: `${tag}:lease`, node: `${tag}:node`, connections: `${tag}:connections`, reaper: `${tag}:reaper` };
    },
    disconnect: (connectionId) => `${prefix}:disconnect:${connectionId}`,
  };
}
