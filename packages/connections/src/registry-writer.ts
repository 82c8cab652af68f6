import { setTimeout as sleep } from 'node:timers/promises';
import { type ConnectionId, limits } from '@sluice/contracts';
import type { ConnectionRecord } from './connection-store.js';

/** What is to become of one connection's record. The last word counts: one operation per connection waits at most. */
interface Operation {
  /** Undefined: forget it. */
  record: ConnectionRecord | undefined;
  confirmed: (() => void) | undefined;
  failed: ((error: Error) => void) | undefined;
}

/** Writes one batch; false where the node is no longer ours and nothing may be written any more. Rejects while the store is away. */
export type WriteBatch = (records: ConnectionRecord[], forgotten: ConnectionId[]) => Promise<boolean>;

/**
 * Collects what happens to connections during a tick and writes it as one batch, one batch at a time, until each operation
 * is confirmed. It waits for no more than there are connections, since each has one operation at most.
 */
export class RegistryWriter {
  private waiting = new Map<ConnectionId, Operation>();
  private running: Promise<void> | undefined;
  private stopped: Error | undefined;

  constructor(
    private readonly write: WriteBatch,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /** Settles with the first attempt; after a rejection the record is still tried until `unregister`. */
  register(record: ConnectionRecord): Promise<void> {
    const promise = new Promise<void>((confirmed, failed) => {
      if (this.stopped !== undefined) failed(this.stopped);
      else this.put(record.connectionId, { record, confirmed, failed });
    });
    // An edge that registers everything again after a loss awaits none of it; the writer itself goes on trying.
    promise.catch(() => {});
    return promise;
  }

  unregister(connectionId: ConnectionId): void {
    if (this.stopped === undefined) {
      this.put(connectionId, { record: undefined, confirmed: undefined, failed: undefined });
    }
  }

  /** Resolves once nothing waits; false where that took longer than `timeoutMs`. */
  async flush(timeoutMs: number): Promise<boolean> {
    const timeout = new AbortController();
    const late = sleep(timeoutMs, false, { signal: timeout.signal }).catch(() => false);
    const empty = (async () => {
      while (this.running !== undefined) await this.running;
      return true;
    })();
    const flushed = await Promise.race([empty, late]);
    timeout.abort();
    return flushed;
  }

  /** Drops what waits; later registrations reject with this reason. */
  stop(reason: Error): void {
    this.stopped ??= reason;
    for (const { failed } of this.waiting.values()) failed?.(reason);
    this.waiting.clear();
  }

  private put(connectionId: ConnectionId, operation: Operation): void {
    this.waiting.get(connectionId)?.failed?.(new Error('replaced by a later word on the same connection'));
    this.waiting.set(connectionId, operation);
    this.running ??= this.run();
  }

  private async run(): Promise<void> {
    // The rest of this tick joins the first batch.
    await new Promise(setImmediate);
    while (this.waiting.size > 0) await this.writeBatch(this.take());
    this.running = undefined;
  }

  private take(): Map<ConnectionId, Operation> {
    if (this.waiting.size <= limits.registryBatchConnectionsMax) {
      const all = this.waiting;
      this.waiting = new Map();
      return all;
    }
    const batch = new Map<ConnectionId, Operation>();
    for (const [connectionId, operation] of this.waiting) {
      if (batch.size === limits.registryBatchConnectionsMax) break;
      batch.set(connectionId, operation);
      this.waiting.delete(connectionId);
    }
    return batch;
  }

  private async writeBatch(batch: Map<ConnectionId, Operation>): Promise<void> {
    const records: ConnectionRecord[] = [];
    const forgotten: ConnectionId[] = [];
    for (const [connectionId, { record }] of batch) {
      if (record === undefined) forgotten.push(connectionId);
      else records.push(record);
    }
    try {
      const written = await this.write(records, forgotten);
      for (const operation of batch.values()) {
        if (written) operation.confirmed?.();
        else operation.failed?.(this.stopped ?? new Error('the node has been taken over'));
      }
    } catch (error) {
      this.putBack(batch, error instanceof Error ? error : new Error(String(error)));
      if (this.stopped === undefined) this.onFailure(error);
      await sleep(limits.registryRetryDelayMs * (1 + Math.random()), undefined, { ref: false });
    }
  }

  private putBack(batch: Map<ConnectionId, Operation>, error: Error): void {
    for (const [connectionId, { record, failed }] of batch) {
      failed?.(error);
      if (this.stopped === undefined && !this.waiting.has(connectionId)) {
        this.waiting.set(connectionId, { record, confirmed: undefined, failed: undefined });
      }
    }
  }
}
