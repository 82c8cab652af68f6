import type { Bus, Inbox, InboxHandlers, Undelivered } from '@sluice/bus';
import type { NodeState } from '@sluice/connections';
import {
  type ConnectionDescription,
  type ConnectionId,
  edgeInbox,
  type InboxAddress,
  type InboxCommand,
  newConnectionId,
  type OutcomeCommand,
  splitScope,
} from '@sluice/contracts';

type Undeliver = (command: InboxCommand, reason: Undelivered) => void;

/** Inboxes as the bus promises them: asynchronous, in order, `gone` where there is none. No frame stream. */
export class BusDouble {
  /** What each send of a process ends in, before it is looked whether there is an inbox. */
  fault: Undelivered | undefined;
  private readonly inboxes = new Map<InboxAddress, InboxHandlers>();

  get bus(): Bus {
    return this as unknown as Bus;
  }

  async openInbox(address: InboxAddress, handlers: InboxHandlers): Promise<Inbox> {
    this.inboxes.set(address, handlers);
    return {
      address,
      reopen: async () => void this.inboxes.set(address, handlers),
      close: async () => void this.inboxes.delete(address),
    };
  }

  send(to: InboxAddress, command: InboxCommand, undelivered?: Undeliver): void {
    const fault = this.fault;
    setImmediate(() => {
      const inbox = this.inboxes.get(to);
      if (fault !== undefined) undelivered?.(command, fault);
      else if (inbox === undefined) undelivered?.(command, 'gone');
      else inbox.onCommands([command]);
    });
  }

  loseInbox(address: InboxAddress): void {
    const handlers = this.inboxes.get(address);
    this.inboxes.delete(address);
    handlers?.onLost();
  }

  has(address: InboxAddress): boolean {
    return this.inboxes.has(address);
  }

  get addresses(): InboxAddress[] {
    return [...this.inboxes.keys()];
  }
}

interface Held {
  description: ConnectionDescription;
  received: string[];
}

/** An edge as the contract of inbox commands describes it, without sockets. */
export class EdgeDouble {
  /** `silent` takes commands and never acknowledges them. */
  mode: 'answers' | 'silent' | 'slow' = 'answers';
  readonly commands: InboxCommand[] = [];
  private readonly held = new Map<ConnectionId, Held>();

  constructor(
    private readonly bus: Pick<Bus, 'openInbox' | 'send'>,
    readonly nodeSlot: number,
  ) {}

  async open(): Promise<Inbox> {
    const inbox = await this.bus.openInbox(edgeInbox(this.nodeSlot), {
      onCommands: (commands) => {
        for (const command of commands) this.take(command);
      },
      // The double's lease is never in doubt.
      onLost: () => void inbox.reopen(),
    });
    return inbox;
  }

  connect(scope: string, userAgent = 'wscat'): ConnectionId {
    const connectionId = newConnectionId(this.nodeSlot);
    const description: ConnectionDescription = {
      scope,
      connectedAtMs: Date.UTC(2026, 8, 25, 0, 22, 29, 887),
      lastActiveAtMs: Date.UTC(2026, 8, 25, 0, 22, 30, 389),
      sourceIp: '192.0.2.1',
      userAgent,
    };
    this.held.set(connectionId, { description, received: [] });
    return connectionId;
  }

  received(connectionId: ConnectionId): string[] {
    return this.held.get(connectionId)?.received ?? [];
  }

  private take(command: InboxCommand): void {
    // Bodies are views into the batch, good for this call only.
    this.commands.push(command.kind === 'POST' ? { ...command, body: Buffer.from(command.body) } : command);
    if (this.mode === 'silent' || !('replyTo' in command)) return;
    this.bus.send(command.replyTo, this.outcome(command));
  }

  private outcome(command: Extract<InboxCommand, { replyTo: InboxAddress }>): OutcomeCommand {
    const { correlation, connectionId, apiId } = command;
    const outcome = { kind: 'OUTCOME' as const, correlation, connection: undefined };
    const held = this.held.get(connectionId);
    if (held === undefined) return { ...outcome, result: 'gone' };
    if (apiId !== undefined && splitScope(held.description.scope).apiId !== apiId)
      return { ...outcome, result: 'gone' };
    if (command.kind === 'GET') return { ...outcome, result: 'ok', connection: held.description };
    if (command.kind === 'DELETE') this.held.delete(connectionId);
    else if (this.mode === 'slow') return { ...outcome, result: 'slow' };
    else held.received.push(Buffer.from(command.body).toString());
    return { ...outcome, result: 'ok' };
  }
}

/** Answers `nodeState` as set. */
export class NodesDouble {
  readonly states = new Map<number, NodeState>();
  asked = 0;

  async nodeState(nodeSlot: number): Promise<NodeState> {
    this.asked++;
    return this.states.get(nodeSlot) ?? 'gone';
  }
}
