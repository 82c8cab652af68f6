import { type InboxCommand, limits } from '@sluice/contracts';
import { OutageLog, type Telemetry } from '@sluice/telemetry';
import type { EdgeNode } from './membership.js';
import type { Outbound } from './outbound.js';
import { retryUntilDone } from './retry-delay.js';

/**
 * Lets inbox commands through only while the lease is held. A process that was frozen may wake up with commands in its inbox after
 * another has taken its node over; were it to answer 200, a message would be confirmed on a connection that is being announced as
 * gone. So it asks first: the lease is still ours → the commands are worked off late; it is lost → every one is answered `gone`.
 */
export class Fence {
  private waiting: InboxCommand[] = [];
  private asking = false;
  private stopped = false;
  private readonly outage: OutageLog;

  constructor(
    private readonly node: () => EdgeNode | undefined,
    private readonly outbound: Outbound,
    private readonly telemetry: Telemetry,
  ) {
    this.outage = new OutageLog(telemetry.log, 'connections.lease_lost');
  }

  commands(commands: InboxCommand[]): void {
    const node = this.node();
    if (node === undefined) this.refuse(commands);
    else if (!this.asking && node.membership.held()) this.outbound.commands(commands);
    else this.keep(commands, node);
  }

  /** The lease is lost for good: nothing that waits may touch a socket any more. */
  lost(): void {
    this.refuse(this.waiting);
    this.waiting = [];
  }

  stop(): void {
    this.stopped = true;
  }

  private keep(commands: InboxCommand[], node: EdgeNode): void {
    for (const command of commands) {
      if (this.waiting.length >= limits.inboxWaitingCommandsMax) {
        this.telemetry.metrics.inboxUndeliveredTotal.labels(command.kind, 'failed').inc();
      } else {
        this.waiting.push(owned(command));
      }
    }
    if (!this.asking) void this.ask(node);
  }

  private async ask(node: EdgeNode): Promise<void> {
    this.asking = true;
    await retryUntilDone(
      async () => {
        const ours = await node.membership.renew();
        const waiting = this.waiting;
        this.waiting = [];
        if (ours && this.node() === node) this.outbound.commands(waiting);
        else this.refuse(waiting);
      },
      () => this.stopped || this.node() !== node,
      (error) => this.outage.warn('the lease could not be renewed yet; trying again', error),
    );
    this.asking = false;
    // Commands of the next life may have come while this one's renewal was still being retried.
    const next = this.node();
    if (this.waiting.length > 0 && next !== undefined && !this.stopped) void this.ask(next);
  }

  private refuse(commands: InboxCommand[]): void {
    for (const command of commands) this.outbound.gone(command);
  }
}

/** A body is a view into the batch it came in, which is gone when its handler returns. */
function owned(command: InboxCommand): InboxCommand {
  return 'body' in command ? { ...command, body: Uint8Array.from(command.body) } : command;
}
