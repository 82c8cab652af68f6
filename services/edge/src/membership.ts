import type { Bus, FrameProducer, Inbox } from '@sluice/bus';
import type { ConnectionStore, Membership } from '@sluice/connections';
import { edgeInbox, type InboxCommand } from '@sluice/contracts';
import { OutageLog, type Telemetry } from '@sluice/telemetry';
import { retryUntilDone } from './retry-delay.js';

/** One life of this edge in the cluster: its slot with the lease, its inbox, its way into the frame stream. */
export interface EdgeNode {
  readonly slot: number;
  readonly membership: Membership;
  readonly producer: FrameProducer;
  readonly inbox: Inbox;
}

export interface NodeHandlers {
  commands(commands: InboxCommand[]): void;
  /** The node was taken over while this process was frozen: nothing it holds is its own any more (fence.ts). */
  fenced(): void;
  /** The store came back empty: every live connection has to be registered again. */
  forgotten(): void;
}

/** Keeps the edge a member: joins at the start, joins anew after a fence, and repairs its inbox. */
export class NodeMembership {
  private node: EdgeNode | undefined;
  private stopped = false;
  private readonly outage: OutageLog;

  constructor(
    private readonly bus: Bus,
    private readonly connections: ConnectionStore,
    private readonly telemetry: Telemetry,
    private readonly handlers: NodeHandlers,
  ) {
    this.outage = new OutageLog(telemetry.log, 'edge.connection_error');
  }

  /** Undefined between a fence and the next join: no connection can be accepted then. */
  get current(): EdgeNode | undefined {
    return this.node;
  }

  /** Rejects where the store or the bus is away: the caller says so and tries again. */
  async join(): Promise<void> {
    // The store may fence this life before `join` has even returned.
    const life: { node: EdgeNode | undefined; over: boolean } = { node: undefined, over: false };
    const membership = await this.connections.join({
      onFenced: () => {
        life.over = true;
        if (life.node !== undefined) this.leaveFenced(life.node);
      },
      onForgotten: () => {
        if (life.node !== undefined && life.node === this.node) this.remember(life.node);
      },
    });
    const node = await this.open(membership, () => life.node).catch(async (error: unknown) => {
      // Otherwise each try would leave a slot behind whose lease is renewed as long as this process lives.
      await membership.leave().catch(() => {});
      throw error;
    });
    life.node = node;
    if (life.over) {
      await node.inbox.close();
      throw new Error(`node slot ${membership.nodeSlot} was taken over while this process joined with it`);
    }
    this.node = node;
  }

  stop(): void {
    this.stopped = true;
  }

  private async open(membership: Membership, node: () => EdgeNode | undefined): Promise<EdgeNode> {
    const address = edgeInbox(membership.nodeSlot);
    const inbox = await this.bus.openInbox(address, {
      onCommands: (commands) => this.handlers.commands(commands),
      onLost: () => {
        const owner = node();
        if (owner !== undefined) void this.reopen(owner);
      },
    });
    return { slot: membership.nodeSlot, membership, inbox, producer: this.bus.openProducer(address) };
  }

  private leaveFenced(node: EdgeNode): void {
    if (this.node !== node) return;
    this.telemetry.metrics.fencesTotal.inc();
    this.telemetry.log.error(
      'edge.fenced',
      `node slot ${node.slot} was taken over by another process while this one was frozen or cut off; ` +
        'closing its sockets, whose $disconnect the other process sends, and joining anew',
      { slot: node.slot },
    );
    this.handlers.fenced();
    this.node = undefined;
    // Commands still addressed to the old slot must find no inbox, so that callers get their 410.
    void node.inbox.close().catch((error: unknown) => this.logFailure('the old inbox could not be closed', error));
    void this.retry('could not join the cluster again', () => this.join());
  }

  private remember(node: EdgeNode): void {
    this.handlers.forgotten();
    void this.reopen(node);
  }

  /** Only the rightful owner of the slot may make its inbox again, so the lease is asked first. */
  private async reopen(node: EdgeNode): Promise<void> {
    this.telemetry.log.warn('edge.inbox_lost', `inbox ${node.inbox.address} is gone from the bus; making it again`);
    await this.retry('the inbox could not be made again', async () => {
      const ours = await node.membership.renew();
      if (ours && this.node === node) await node.inbox.reopen();
    });
  }

  private retry(what: string, task: () => Promise<void>): Promise<void> {
    return retryUntilDone(
      task,
      () => this.stopped,
      (error) => this.logFailure(what, error),
    );
  }

  private logFailure(what: string, error: unknown): void {
    this.outage.warn(`${what}; trying again`, error);
  }
}
