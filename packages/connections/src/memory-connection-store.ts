import { randomBytes } from 'node:crypto';
import { type ConnectionId, limits, nodeSlotMax } from '@sluice/contracts';
import type { ConnectionRecord, ConnectionStore, Membership } from './connection-store.js';
import { monotonicMs } from './timing.js';

interface MemoryNode {
  connections: Map<ConnectionId, ConnectionRecord>;
  state: 'live' | 'left' | 'taken';
}

/**
 * The connection store of a single process. No node dies without its store, so leases never end; what a node holds when it
 * leaves is taken over as in a cluster.
 */
export function createMemoryConnectionStore(): ConnectionStore {
  const nodes = new Map<number, MemoryNode>();
  const markers = new DisconnectMarkers();
  let nextSlot = 0;

  async function reapNode(
    nodeSlot: number,
    node: MemoryNode,
    emit: (records: ConnectionRecord[]) => Promise<void>,
  ): Promise<number> {
    node.state = 'taken';
    let count = 0;
    try {
      while (node.connections.size > 0) {
        const records = [...node.connections.values()].slice(0, limits.reapChunkConnections);
        await emit(records);
        for (const { connectionId } of records) node.connections.delete(connectionId);
        count += records.length;
      }
      nodes.delete(nodeSlot);
    } finally {
      if (node.connections.size > 0) node.state = 'left';
    }
    return count;
  }

  return {
    async join() {
      if (nodes.size > nodeSlotMax) throw new RangeError('no free node slot');
      while (nodes.has(nextSlot)) nextSlot = (nextSlot + 1) % (nodeSlotMax + 1);
      const nodeSlot = nextSlot;
      nextSlot = (nextSlot + 1) % (nodeSlotMax + 1);
      const node: MemoryNode = { connections: new Map(), state: 'live' };
      nodes.set(nodeSlot, node);
      return memoryMembership(nodeSlot, node, () => nodes.delete(nodeSlot));
    },
    async nodeState(nodeSlot) {
      return nodes.get(nodeSlot)?.state === 'live' ? 'live' : 'gone';
    },
    async reapDeadNodes(emit) {
      const dead = [...nodes].filter(([, { state }]) => state === 'left');
      let connections = 0;
      for (const [nodeSlot, node] of dead) connections += await reapNode(nodeSlot, node, emit);
      return { nodes: dead.length, connections };
    },
    async claimDisconnect(connectionId, claimant) {
      return markers.claim(connectionId, claimant);
    },
    async close() {
      nodes.clear();
    },
  };
}

function memoryMembership(nodeSlot: number, node: MemoryNode, forget: () => void): Membership {
  return {
    nodeSlot,
    incarnation: randomBytes(12).toString('base64url'),
    held: () => node.state === 'live',
    renew: async () => node.state === 'live',
    async register(record) {
      if (node.state !== 'live') throw new Error('the node has left');
      node.connections.set(record.connectionId, record);
    },
    unregister(connectionId) {
      if (node.state === 'live') node.connections.delete(connectionId);
    },
    async markDraining() {},
    async leave() {
      if (node.state !== 'live') return;
      node.state = 'left';
      if (node.connections.size === 0) forget();
    },
  };
}

/** Who claimed which `$disconnect`, oldest first, for `disconnectMarkerMs`. */
class DisconnectMarkers {
  private readonly markers = new Map<ConnectionId, { claimant: string; endsAtMs: number }>();

  claim(connectionId: ConnectionId, claimant: string): boolean {
    const nowMs = monotonicMs();
    for (const [oldest, { endsAtMs }] of this.markers) {
      if (endsAtMs > nowMs) break;
      this.markers.delete(oldest);
    }
    const marker = this.markers.get(connectionId);
    if (marker !== undefined) return marker.claimant === claimant;
    this.markers.set(connectionId, { claimant, endsAtMs: nowMs + limits.disconnectMarkerMs });
    return true;
  }
}
