import { randomUUID } from 'node:crypto';
import { type ConnectEnvelope, type ErrorCode, errorFrame, errorKinds, type VerdictCommand } from '@sluice/contracts';
import type { Refusal } from './refusal.js';

export type Verdict = Pick<VerdictCommand, 'status' | 'headers' | 'body'>;

export const accepted: Verdict = { status: 200, headers: [], body: new Uint8Array(0) };

/** `x-amzn-ErrorType` of what is refused before an integration or authorizer ran (spec 01 §1.3). */
const refusedEarly: Partial<Record<ErrorCode, string>> = {
  forbidden: 'ForbiddenException',
  authentication_missing: 'MissingAuthenticationTokenException',
  authentication_failed: 'ForbiddenException',
  api_key_invalid: 'ForbiddenException',
  throttled: 'TooManyRequestsException',
  quota_exceeded: 'LimitExceededException',
  request_parameters_missing: 'BadRequestException',
  request_body_invalid: 'BadRequestException',
};

/** The answer to a handshake that goes no further, in the layout of its cause (spec 01 §1.3, headers on a failed handshake). */
export function refusedVerdict(envelope: ConnectEnvelope, { code, message }: Refusal): Verdict {
  const { connectionId, requestId } = envelope;
  const status = errorKinds[code].handshakeStatus;
  const errorType = refusedEarly[code];
  if (errorType === undefined) {
    return {
      status,
      headers: [
        ['content-type', 'application/json; charset=UTF-8'],
        ['x-amz-apigw-id', requestId],
      ],
      body: Buffer.from(errorFrame(code, connectionId, requestId, message)),
    };
  }
  return {
    status,
    headers: [
      ['content-type', 'application/json'],
      ['x-amzn-requestid', randomUUID()],
      ['x-amzn-errortype', errorType],
    ],
    body: Buffer.from(JSON.stringify({ message: message ?? errorKinds[code].message })),
  };
}
