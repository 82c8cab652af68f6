import type { ErrorCode, MessageEnvelope } from '@sluice/contracts';
import type { ExecutionLog } from '@sluice/logs';
import { describe, expect, it } from 'vitest';
import { logEnd } from './execution-lines.js';
import { connection } from './testing/start-router.js';

const envelope: MessageEnvelope = {
  kind: 'MESSAGE',
  scope: 'chat/dev',
  connectionId: 'gbgHN0-zjQAYKEjhgA==',
  requestId: 'Qyi3UG41tjMFlUg=',
  messageId: 'Qyi3UG41tjMFlUk=',
  timeMs: 0,
  connectionContext: JSON.stringify(connection),
  traceparent: undefined,
  body: new Uint8Array(0),
};

function failureOf(
  code: ErrorCode,
  detail: string,
  more: object = {},
  ofOutcome: object = {},
  refused = true,
): string[] {
  const errors: string[] = [];
  const log: ExecutionLog = {
    tellsAll: false,
    tracesData: false,
    info: () => expect.unreachable(),
    payload: () => expect.unreachable(),
    error: (requestId, text) => void errors.push(`${requestId} ${text}`),
  };
  logEnd(log, {
    place: { apiId: 'chat', stage: 'dev', routeKey: 'a', accountId: '000000000000' },
    envelope,
    ending: {
      status: 500,
      refusal: refused ? { code, detail, ...more } : undefined,
      outcome: { ok: false, code, detail, integrationStatus: 200, ...ofOutcome },
    },
  });
  return errors;
}

describe('failures in the execution log', () => {
  it.each<[ErrorCode, string, string]>([
    ['integration_timeout', 'no answer', 'Execution failed due to a timeout error'],
    [
      'function_refused',
      'status 403',
      'Execution failed due to configuration error: Invalid permissions on Lambda function (status 403)',
    ],
    [
      'function_response_malformed',
      'no statusCode',
      'Execution failed due to configuration error: Malformed Lambda proxy response (no statusCode)',
    ],
    [
      'integration_response_unmapped',
      'nothing matches',
      'Execution failed due to configuration error: No match for output mapping and no default output mapping configured. Endpoint Response Status Code: 200',
    ],
    ['function_error', 'boom', 'Lambda execution failed due to customer function error: boom. Lambda request id: -'],
    ['template_failed', 'line 3', 'Execution failed due to configuration error: line 3'],
    ['integration_unreachable', 'refused', 'Execution failed: refused'],
  ])('[ER-6] %s has the text of the model service', (code, detail, text) => {
    expect(failureOf(code, detail)).toEqual([`${envelope.requestId} ${text}`]);
  });

  it('[ER-6] [SL-4] a function that failed is told by its own message and the id of its invocation', () => {
    const functionError = { errorMessage: 'boom', requestId: '5a0c' };
    expect(failureOf('function_error', 'the function failed: boom', {}, { functionError })).toEqual([
      `${envelope.requestId} Lambda execution failed due to customer function error: boom. Lambda request id: 5a0c`,
    ]);
  });

  it('[SL-4] a function that failed and was answered all the same is told like one that was not', () => {
    const answer = { ok: true, status: 502, functionError: { errorMessage: 'boom', requestId: undefined } };
    expect(failureOf('function_error', 'unused', {}, answer, false)).toEqual([
      `${envelope.requestId} Lambda execution failed due to customer function error: boom. Lambda request id: -`,
    ]);
  });

  it('[ER-6] a body that does not fit its model is told with what it lacks', () => {
    expect(failureOf('request_body_invalid', 'x', { validationErrorString: '[object has missing]' })).toEqual([
      `${envelope.requestId} Request body does not match model schema for content type application/json: [object has missing]`,
    ]);
  });
});
