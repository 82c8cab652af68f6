import type { Bus } from '@sluice/bus';
import {
  type Close,
  closes,
  type DeleteCommand,
  type DoneCommand,
  decodeConnectionContext,
  type GetCommand,
  type InboxCommand,
  type OutcomeResult,
  type PostCommand,
  type RenewCommand,
  type ReplyCommand,
  type VerdictCommand,
} from '@sluice/contracts';
import type { Telemetry } from '@sluice/telemetry';
import { monotonicMs, wallClockMsOf } from './clock.js';
import type { Connection } from './connection.js';
import { startDeliverSpan } from './deliver-span.js';
import type { OpenConnections } from './open-connections.js';
import type { SocketWriter } from './socket-writer.js';

type ConnectionCommand = ReplyCommand | PostCommand | GetCommand | DeleteCommand;

/** Commands that are not for a socket. */
export interface OtherCommands {
  verdict(command: VerdictCommand): void;
  done(command: DoneCommand): void;
  renew(command: RenewCommand): void;
}

/** Inbox commands on their way to sockets. */
export class Outbound {
  // Reused for every batch: which connections it concerns, and for each command the next one of the same connection.
  private readonly concerned: Connection[] = [];
  private readonly nextCommand: number[] = [];

  constructor(
    private readonly bus: Bus,
    private readonly connections: OpenConnections,
    private readonly writer: SocketWriter,
    private readonly others: OtherCommands,
    private readonly telemetry: Telemetry,
  ) {}

  /**
   * Works off a batch. The commands of one connection keep their order and leave in one write; those of others may overtake
   * them, which nobody can observe.
   */
  commands(commands: InboxCommand[]): void {
    for (let index = 0; index < commands.length; index++) this.sort(commands[index] as InboxCommand, index);
    for (const connection of this.concerned) {
      const first = connection.firstCommand;
      const only = first === connection.lastCommand;
      connection.firstCommand = -1;
      connection.lastCommand = -1;
      if (only) this.deliver(connection, commands[first] as ConnectionCommand);
      else this.deliverCorked(connection, commands, first);
    }
    this.concerned.length = 0;
  }

  /** The answer to a command whose connection is not here, or no longer ours. */
  gone(command: InboxCommand): void {
    if (command.kind === 'POST' || command.kind === 'GET' || command.kind === 'DELETE') this.outcome(command, 'gone');
  }

  private sort(command: InboxCommand, index: number): void {
    switch (command.kind) {
      case 'VERDICT':
        return this.others.verdict(command);
      case 'DONE':
        return this.others.done(command);
      case 'RENEW':
        return this.others.renew(command);
      case 'OUTCOME':
        return;
      default:
        this.sortForSocket(command, index);
    }
  }

  private sortForSocket(command: ConnectionCommand, index: number): void {
    const connection = this.connections.get(command.connectionId);
    if (connection === undefined || isForeign(command, connection)) {
      this.gone(command);
      return;
    }
    this.nextCommand[index] = -1;
    if (connection.firstCommand < 0) {
      connection.firstCommand = index;
      this.concerned.push(connection);
    } else {
      this.nextCommand[connection.lastCommand] = index;
    }
    connection.lastCommand = index;
  }

  private deliverCorked(connection: Connection, commands: InboxCommand[], first: number): void {
    connection.socket.cork(() => {
      for (let index = first; index >= 0; index = this.nextCommand[index] as number) {
        this.deliver(connection, commands[index] as ConnectionCommand);
      }
    });
    // Only now, past the library's own buffer, it shows what the kernel did not take.
    if (connection.state === 'open') this.writer.look(connection);
  }

  private deliver(connection: Connection, command: ConnectionCommand): void {
    if (connection.state !== 'open') {
      this.gone(command);
      return;
    }
    switch (command.kind) {
      case 'REPLY':
        this.reply(connection, command);
        return;
      case 'POST':
        this.post(connection, command);
        return;
      case 'GET':
        this.describe(connection, command);
        return;
      case 'DELETE':
        this.close(connection, closes.deleted);
        this.outcome(command, 'ok');
        return;
    }
  }

  /** A reply too large for the client ends the connection, as the calibrated behaviour is (spec 17, O20). */
  private reply(connection: Connection, command: ReplyCommand): void {
    if (command.body.length > connection.stage.limits.messageBytesMax) this.close(connection, closes.tooBig);
    else if (this.writer.writeBytes(connection, command.body, command.binary))
      connection.lastActiveAtMs = monotonicMs();
  }

  private post(connection: Connection, command: PostCommand): void {
    const span = startDeliverSpan(this.telemetry.tracing, connection, command);
    const result = this.tryPost(connection, command);
    this.outcome(command, result);
    span?.end(result === 'ok' ? undefined : result);
  }

  /** `ok` says that the socket has taken the bytes, not that the client has read them (spec 09 §9.5). */
  private tryPost(connection: Connection, command: PostCommand): OutcomeResult {
    if (this.writer.isSlow(connection)) {
      this.telemetry.metrics.throttledTotal.labels(connection.stage.apiId, 'slow_consumer').inc();
      return 'slow';
    }
    if (!this.writer.writeBytes(connection, command.body, command.binary)) return 'gone';
    connection.lastActiveAtMs = monotonicMs();
    return 'ok';
  }

  private describe(connection: Connection, command: GetCommand): void {
    const context = decodeConnectionContext(connection.context);
    this.bus.send(command.replyTo, {
      kind: 'OUTCOME',
      correlation: command.correlation,
      result: 'ok',
      connection: {
        scope: connection.stage.scope,
        connectedAtMs: context.connectedAtMs,
        lastActiveAtMs: wallClockMsOf(connection.lastActiveAtMs),
        sourceIp: context.sourceIp,
        userAgent: context.userAgent,
      },
    });
  }

  private close(connection: Connection, close: Close): void {
    this.connections.close(connection, close);
  }

  private outcome(command: PostCommand | GetCommand | DeleteCommand, result: OutcomeResult): void {
    this.bus.send(command.replyTo, {
      kind: 'OUTCOME',
      correlation: command.correlation,
      result,
      connection: undefined,
    });
  }
}

/** Whether a callback speaks for another API than the connection's: to it, the connection does not exist (spec 09 §9.5). */
function isForeign(command: ConnectionCommand, connection: Connection): boolean {
  return command.kind !== 'REPLY' && command.apiId !== undefined && command.apiId !== connection.stage.apiId;
}
