import { type ConnectionId, limits } from '@sluice/contracts';
import type { RedisClient } from '@sluice/redis';
import type { Telemetry } from '@sluice/telemetry';
import type { ConnectionRecord, Membership, MembershipHandlers } from './connection-store.js';
import type { ConnectionKeys, NodeKeys } from './keys.js';
import { encodeId, encodeValue } from './record-codec.js';
import { RegistryWriter } from './registry-writer.js';
import { claimScript, drainScript, leaveScript, noRecord, notOwner, renewScript, writeScript } from './scripts.js';
import { type ConnectionTiming, monotonicMs } from './timing.js';

export interface MembershipParts {
  client: RedisClient;
  keys: ConnectionKeys;
  timing: ConnectionTiming;
  telemetry: Telemetry;
  handlers: MembershipHandlers;
  /** Called for every command that failed, so that the store knows it was away. */
  onFailure(error: unknown): void;
  /** Called once, when the node has left, been fenced or been abandoned. */
  onEnd(): void;
}

/**
 * One node's life in Redis: `up | draining`, then `left` or `fenced`. Renewals go on in the background; whatever Redis
 * answers, to a renewal or to a write, is judged in `judge`.
 */
export class RedisMembership implements Membership {
  private readonly node: NodeKeys;
  private readonly writer: RegistryWriter;
  private state: 'up' | 'draining' | 'over' = 'up';
  private renewedAtMs: number;
  private confirmedWrites = 0;
  private timer: NodeJS.Timeout | undefined;
  private remaking: Promise<boolean> | undefined;

  /** `claimedAtMs`: when the claim of the slot was sent, by `monotonicMs`. */
  constructor(
    private readonly parts: MembershipParts,
    readonly nodeSlot: number,
    readonly incarnation: string,
    claimedAtMs: number,
  ) {
    this.node = parts.keys.node(nodeSlot);
    this.renewedAtMs = claimedAtMs;
    this.writer = new RegistryWriter((records, forgotten) => this.write(records, forgotten), parts.onFailure);
    this.schedule(parts.timing.leaseRenewIntervalMs);
  }

  held(): boolean {
    return this.state !== 'over' && monotonicMs() - this.renewedAtMs < this.parts.timing.leaseMs;
  }

  async renew(): Promise<boolean> {
    if (this.state === 'over') return false;
    // The lease runs from when Redis got the command, which is not before it was sent: counting from here errs on the safe side.
    const sentAtMs = monotonicMs();
    const confirmedWrites = this.confirmedWrites;
    const { client, keys, timing } = this.parts;
    const answer = await renewScript.run(client, [this.node.lease, this.node.node], [this.incarnation, timing.leaseMs]);
    if (!(await this.judge(Number(answer), confirmedWrites))) return false;
    this.renewedAtMs = Math.max(this.renewedAtMs, sentAtMs);
    // A sweep may have dropped the slot from the set while Redis had lost its record.
    await client.sadd(keys.nodes, this.nodeSlot);
    return true;
  }

  register(record: ConnectionRecord): Promise<void> {
    return this.writer.register(record);
  }

  unregister(connectionId: ConnectionId): void {
    this.writer.unregister(connectionId);
  }

  async markDraining(): Promise<void> {
    if (this.state === 'over') return;
    this.state = 'draining';
    await drainScript.run(this.parts.client, [this.node.node], [this.incarnation]);
  }

  async leave(): Promise<void> {
    await this.writer.flush(limits.registryFlushMs);
    if (this.state === 'over') return;
    this.end(new Error('the node has left'));
    const { lease, node, connections } = this.node;
    const left = await leaveScript.run(this.parts.client, [lease, node, connections], [this.incarnation]);
    // Only an empty slot leaves the set: what is still in the registry is for the reapers.
    if (left === 0) await this.parts.client.srem(this.parts.keys.nodes, this.nodeSlot);
  }

  /** Takes the turn of the next renewal at once. */
  renewNow(): void {
    this.schedule(0);
  }

  /** Stops renewing without giving anything back, as a process that dies. */
  abandon(): void {
    if (this.state !== 'over') this.end(new Error('the connection store is closed'));
  }

  private async write(records: ConnectionRecord[], forgotten: ConnectionId[]): Promise<boolean> {
    const values = records.flatMap((record) => [encodeId(record.connectionId), encodeValue(record)]);
    const args = [this.incarnation, records.length, ...values, ...forgotten.map(encodeId)];
    const answer = Number(await writeScript.run(this.parts.client, [this.node.node, this.node.connections], args));
    const owned = await this.judge(answer, this.confirmedWrites + 1);
    if (answer === noRecord && owned) return this.write(records, forgotten);
    if (owned) this.confirmedWrites = answer;
    return owned;
  }

  /** Draws the conclusions from an answer; false where the node is no longer ours. `expectedWrites`: what a Redis that has lost nothing has at least. */
  private async judge(answer: number, expectedWrites: number): Promise<boolean> {
    if (answer === notOwner) return this.fence();
    if (answer === noRecord) {
      this.remaking ??= this.remake().finally(() => {
        this.remaking = undefined;
      });
      return this.remaking;
    }
    if (answer < expectedWrites) {
      this.confirmedWrites = answer;
      this.forgotten('Redis has lost writes to the registry that it had confirmed');
    }
    return true;
  }

  private async remake(): Promise<boolean> {
    if (this.state === 'over') return false;
    const sentAtMs = monotonicMs();
    const { client, keys, timing } = this.parts;
    const args = [this.incarnation, timing.leaseMs, this.state];
    const made = await claimScript.run(client, [this.node.lease, this.node.node], args);
    if (made !== 1) return this.fence();
    this.confirmedWrites = 0;
    this.renewedAtMs = sentAtMs;
    await client.sadd(keys.nodes, this.nodeSlot);
    this.forgotten('Redis had no record of this node; it has been made again');
    return true;
  }

  private forgotten(reason: string): void {
    this.parts.telemetry.log.warn('connections.forgotten', `Registering all connections again: ${reason}`, {
      slot: this.nodeSlot,
    });
    this.parts.handlers.onForgotten();
  }

  private fence(): false {
    if (this.state !== 'over') {
      this.end(new Error('the node has been taken over'));
      this.parts.telemetry.log.error(
        'connections.lease_lost',
        'This node has been taken over by a survivor: its lease had ended while it could not renew it',
        { slot: this.nodeSlot },
      );
      this.parts.handlers.onFenced();
    }
    return false;
  }

  private end(reason: Error): void {
    this.state = 'over';
    clearTimeout(this.timer);
    this.writer.stop(reason);
    this.parts.onEnd();
  }

  private schedule(delayMs: number): void {
    if (this.state === 'over') return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.renewInTurn(), delayMs);
    this.timer.unref();
  }

  private async renewInTurn(): Promise<void> {
    try {
      await this.renew();
      this.schedule(this.parts.timing.leaseRenewIntervalMs);
    } catch (error) {
      this.parts.onFailure(error);
      this.schedule(this.parts.timing.leaseRetryDelayMs);
    }
  }
}
