import { type Envelope, splitScope } from '@sluice/contracts';
import { type LogFields, traceField } from '@sluice/telemetry';

/** What every log line about an envelope says of it. */
export function envelopeFields({ scope, connectionId, requestId, traceparent }: Envelope): LogFields {
  const { apiId, stage } = splitScope(scope);
  return {
    api: apiId,
    stage,
    connection_id: connectionId,
    request_id: requestId,
    ...traceField(traceparent),
  };
}
