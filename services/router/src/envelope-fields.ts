import { type Envelope, splitScope } from '@sluice/contracts';
import type { LogFields } from '@sluice/telemetry';

/** What every log line about an envelope says of it. */
export function envelopeFields({ scope, connectionId, requestId, traceparent }: Envelope): LogFields {
  const { apiId, stage } = splitScope(scope);
  return {
    api: apiId,
    stage,
    connection_id: connectionId,
    request_id: requestId,
    ...(traceparent === undefined ? {} : { trace_id: traceparent.slice(3, 35) }),
  };
}
