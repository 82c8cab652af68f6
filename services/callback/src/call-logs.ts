import {
  type ConnectionId,
  type ContextVariables,
  clfTime,
  type ErrorResponseType,
  type ManagementResponse,
  newRequestId,
  type Scope,
  scopeOf,
} from '@sluice/contracts';
import { accessLogDestinations, type DefinitionStore, routeSettingsOf } from '@sluice/definitions';
import {
  type AccessLog,
  AccessLogs,
  createExecutionLog,
  type ExecutionLog,
  executionTexts,
  failureTexts,
  type LogSinks,
} from '@sluice/logs';
import type { Log } from '@sluice/telemetry';

/** One answered `@connections` call, as far as a log line tells of it. */
export interface AnsweredCall {
  apiId: string;
  stage: string;
  connectionId: ConnectionId | undefined;
  method: string;
  host: string;
  sourceIp: string;
  userAgent: string;
  /** Who signed. */
  accessKeyId: string | undefined;
  receivedAtMs: number;
  body: Uint8Array;
  response: ManagementResponse;
}

interface StageLogs {
  accessLog: AccessLog | undefined;
  executionLog: ExecutionLog | undefined;
}

export interface CallLogs {
  /** Undefined where the stage writes no lines, so that such calls pay nothing. */
  of(apiId: string, stage: string): ((call: AnsweredCall) => void) | undefined;
  close(): void;
}

/** Access log and execution log of `@connections` calls, by the settings of the stage that the address names (spec 12 §12.3, §12.4). */
export function createCallLogs(parts: {
  definitions: DefinitionStore;
  sinks: LogSinks;
  log: Log;
  accountId: string;
}): CallLogs {
  const { definitions, log, accountId } = parts;
  const accessLogs = new AccessLogs(parts.sinks, log);
  let known = new Map<Scope, ((call: AnsweredCall) => void) | undefined>();
  const unsubscribe = definitions.subscribe(() => {
    known = new Map();
    accessLogs.keep(accessLogDestinations(definitions));
  });

  function open(apiId: string, stageName: string): ((call: AnsweredCall) => void) | undefined {
    const stage = definitions.stage(scopeOf(apiId, stageName))?.stage;
    if (stage === undefined) return undefined;
    // A call has no route of its own: the stage's default says how much is logged.
    const { loggingLevel, dataTraceEnabled } = routeSettingsOf({ ...stage, routeSettings: undefined }, '');
    const logs: StageLogs = {
      accessLog: accessLogs.of(stage.accessLogSettings, { apiId, stage: stageName }),
      executionLog: createExecutionLog({ log, apiId, stage: stageName, loggingLevel, dataTraceEnabled }),
    };
    if (logs.accessLog === undefined && logs.executionLog === undefined) return undefined;
    return (call) => writeCall(logs, call, accountId);
  }

  return {
    of(apiId, stage) {
      const scope = scopeOf(apiId, stage);
      if (!known.has(scope)) known.set(scope, open(apiId, stage));
      return known.get(scope);
    },
    close: unsubscribe,
  };
}

function writeCall({ accessLog, executionLog }: StageLogs, call: AnsweredCall, accountId: string): void {
  const { response, method, body } = call;
  const errorType = headerOf(response, 'x-amzn-errortype');
  const requestId = headerOf(response, 'x-amzn-requestid') ?? newRequestId();
  if (executionLog !== undefined) {
    if (method === 'POST' && executionLog.tracesData)
      executionLog.payload(requestId, executionTexts.callbackBody(body));
    if (response.status < 400) executionLog.info(requestId, executionTexts.callbackCompleted(response.status));
    else executionLog.error(requestId, failureTexts.callbackFailed(errorType ?? String(response.status)));
  }
  accessLog?.write(variablesOf(call, accountId, requestId, errorType));
}

function variablesOf(
  call: AnsweredCall,
  accountId: string,
  requestId: string,
  errorType: string | undefined,
): ContextVariables {
  const { response, accessKeyId, receivedAtMs } = call;
  const key = accessKeyId;
  return {
    accountId,
    apiId: call.apiId,
    stage: call.stage,
    connectionId: call.connectionId,
    domainName: call.host,
    eventType: 'CONNECTION_API',
    routeKey: `${call.method} /@connections/{connectionId}`,
    requestId,
    extendedRequestId: headerOf(response, 'x-amz-apigw-id') ?? requestId,
    requestTime: clfTime(receivedAtMs),
    requestTimeEpoch: receivedAtMs,
    status: response.status,
    identity: {
      sourceIp: call.sourceIp,
      userAgent: call.userAgent,
      ...(key === undefined
        ? {}
        : { accountId, accessKey: key, caller: key, user: key, userArn: `arn:aws:iam::${accountId}:user/${key}` }),
    },
    ...(response.status < 400
      ? {}
      : { error: { message: errorType, responseType: responseTypeOf(response.status, errorType) } }),
  };
}

/** Undefined for 410: the model service has no name for a connection that is gone. */
function responseTypeOf(status: number, errorType: string | undefined): ErrorResponseType | undefined {
  if (status >= 500) return 'DEFAULT_5XX';
  if (status === 429) return 'THROTTLED';
  if (status === 413) return 'REQUEST_TOO_LARGE';
  if (status === 400) return 'BAD_REQUEST_PARAMETERS';
  if (status !== 403) return undefined;
  return errorType === 'MissingAuthenticationTokenException' ? 'MISSING_AUTHENTICATION_TOKEN' : 'ACCESS_DENIED';
}

function headerOf({ headers }: ManagementResponse, lowerCaseName: string): string | undefined {
  return headers.find(([name]) => name.toLowerCase() === lowerCaseName)?.[1];
}
