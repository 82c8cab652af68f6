import { type ConnectionContext, MalformedBytesError, type RenewCommand } from '@sluice/contracts';
import type { Telemetry } from '@sluice/telemetry';
import { authorizationEndsAtMs, checkedContext } from './authorization-end.js';
import { monotonicMs } from './clock.js';
import type { Connection } from './connection.js';
import type { Lifetime } from './lifetime.js';
import type { OpenConnections } from './open-connections.js';
import type { Registrations } from './registrations.js';

/**
 * Gives a connection a new context, and with it a new end of its authorization. The record is written again too: one hash field in
 * the batch of this tick, for which the `$disconnect` that a survivor sends carries what the last authorization said.
 */
export class Renewals {
  constructor(
    private readonly connections: OpenConnections,
    private readonly lifetime: Lifetime,
    private readonly registrations: Registrations,
    private readonly telemetry: Telemetry,
  ) {}

  renew({ connectionId, connectionContext }: RenewCommand): void {
    const connection = this.connections.get(connectionId);
    if (connection === undefined || connection.state !== 'open' || connection.context === connectionContext) return;
    try {
      checkSamePrincipal(checkedContext(connection.context), checkedContext(connectionContext));
    } catch (error) {
      if (!(error instanceof MalformedBytesError)) throw error;
      this.refuse(connection, error);
      return;
    }
    connection.context = connectionContext;
    connection.authorizationEndsAtMs = authorizationEndsAtMs(connectionContext, connection.endsAtMs, monotonicMs());
    this.lifetime.watch(connection);
    this.registrations.add(connection);
  }

  /** The old context and its end stay: a connection is never authorized for longer than somebody has said. */
  private refuse(connection: Connection, error: MalformedBytesError): void {
    this.telemetry.log.error('edge.context_invalid', 'a renewed context cannot be used and was not taken', {
      api: connection.stage.apiId,
      stage: connection.stage.stageName,
      connection_id: connection.id,
      reason: error.message,
    });
  }
}

/**
 * Routers judge a token by the context that came with its message, which an earlier one may have replaced since: of two tokens that
 * cross, only the first may say whose connection this is. Throws `MalformedBytesError`.
 */
function checkSamePrincipal(current: ConnectionContext, next: ConnectionContext): void {
  if (current.authorizer === undefined) return;
  if (current.authorizer['principalId'] === next.authorizer?.['principalId']) return;
  throw new MalformedBytesError('it is of another principal');
}
