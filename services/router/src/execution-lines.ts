import { decodeConnectionContext, type Envelope, errorKinds } from '@sluice/contracts';
import type { FunctionError, IntegrationOutcome } from '@sluice/integrations';
import { type ExecutionLog, executionTexts, failureTexts } from '@sluice/logs';
import type { RequestRecord } from './access-log-line.js';
import { integrationStatusOf } from './journal.js';
import type { Refusal } from './refusal.js';

/** The lines at the start of a request (spec 12 §12.4). */
export function logStart(log: ExecutionLog, apiId: string, routeKey: string, envelope: Envelope): void {
  if (!log.tellsAll) return;
  const { requestId, connectionId } = envelope;
  log.info(requestId, executionTexts.extendedRequestId(requestId));
  if (envelope.kind === 'CONNECT') {
    const { userAgent, sourceIp } = decodeConnectionContext(envelope.connectionContext);
    log.info(requestId, executionTexts.connecting(userAgent, sourceIp, apiId));
  }
  if (envelope.kind === 'MESSAGE') log.info(requestId, executionTexts.messageReceived(apiId, connectionId));
  log.info(requestId, executionTexts.startingExecution(requestId));
  if (routeKey !== '') log.info(requestId, executionTexts.route(routeKey));
}

/** How it ended: what failed on levels ERROR and INFO, the last line on INFO only. */
export function logEnd(log: ExecutionLog, { place, envelope, ending }: RequestRecord): void {
  const { requestId, connectionId } = envelope;
  const { refusal, outcome, status } = ending;
  const integrationStatus = outcome && integrationStatusOf(outcome);
  if (refusal !== undefined) log.error(requestId, failureText(refusal, outcome, integrationStatus));
  else if (outcome?.functionError !== undefined) log.error(requestId, functionErrorText(outcome.functionError));
  else if (integrationStatus !== undefined && integrationStatus >= 400) {
    log.error(requestId, failureTexts.integrationStatus(integrationStatus));
  }
  if (!log.tellsAll) return;
  switch (envelope.kind) {
    case 'CONNECT':
      if (status === 200) log.info(requestId, executionTexts.connected(connectionId, place.apiId));
      return;
    case 'MESSAGE':
      return log.info(requestId, executionTexts.messageSent(connectionId, place.apiId, status));
    case 'DISCONNECT': {
      const close = { code: envelope.disconnectStatusCode, reason: envelope.disconnectReason };
      return log.info(requestId, executionTexts.disconnected(connectionId, place.apiId, close, integrationStatus));
    }
  }
}

function functionErrorText({ errorMessage, requestId = '-' }: FunctionError): string {
  return failureTexts.functionError(errorMessage, requestId);
}

function failureText(
  { code, detail, validationErrorString }: Refusal,
  outcome: IntegrationOutcome | undefined,
  integrationStatus: number | undefined,
): string {
  switch (code) {
    case 'integration_timeout':
      return failureTexts.timeout();
    case 'function_response_malformed':
      return failureTexts.configuration(`Malformed Lambda proxy response (${detail})`);
    case 'integration_response_unmapped':
      return failureTexts.configuration(
        `No match for output mapping and no default output mapping configured. Endpoint Response Status Code: ${integrationStatus ?? '-'}`,
      );
    case 'function_error':
      return functionErrorText(outcome?.functionError ?? { errorMessage: detail, requestId: undefined });
    case 'function_refused':
      return failureTexts.configuration(`Invalid permissions on Lambda function (${detail})`);
    case 'request_body_invalid':
      return failureTexts.validation('application/json', validationErrorString ?? detail);
    default:
      return errorKinds[code].responseType === 'API_CONFIGURATION_ERROR'
        ? failureTexts.configuration(detail)
        : failureTexts.execution(detail);
  }
}
