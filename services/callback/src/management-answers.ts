import { randomUUID } from 'node:crypto';
import { type Refusal, refusalResponse } from '@sluice/auth';
import { type ConnectionDescription, type ManagementResponse, newRequestId } from '@sluice/contracts';

/** Every answer of `@connections`, byte for byte (spec 09 §9.2, §9.4). */

/** POST: the edge has written the message to the socket. */
export const posted = () => answer(200, undefined, '');

export const deleted = () => answer(204, undefined, '');

/** GET: blanks around the colons and two of indentation, as recorded; no `userAgent` where the client sent none. */
export function described(connection: ConnectionDescription): ManagementResponse {
  const userAgent = connection.userAgent === '' ? '' : `,\n    "userAgent" : ${JSON.stringify(connection.userAgent)}`;
  const body = `{
  "identity" : {
    "sourceIp" : ${JSON.stringify(connection.sourceIp)}${userAgent}
  },
  "connectedAt" : "${new Date(connection.connectedAtMs).toISOString()}",
  "lastActiveAt" : "${new Date(connection.lastActiveAtMs).toISOString()}"
}`;
  return answer(200, undefined, body);
}

/** The address names no stage, or has another shape than `/{stage}/@connections/{id}`. */
export const forbidden = () => answer(403, 'ForbiddenException', '{"message":"Forbidden"}');

/** The model service sends neither type nor ids with a 413, which leaves SDKs with an unknown error. */
export function bodyTooLong(strict: boolean): ManagementResponse {
  if (strict) return { status: 413, headers: [], body: '' };
  return answer(413, 'PayloadTooLargeException', '{"message":"Message too long"}');
}

export function invalidConnectionId(connectionId: string): ManagementResponse {
  const body = JSON.stringify({ message: `Invalid connectionId: ${connectionId}` });
  return answer(400, 'BadRequestException', body);
}

/** Ours: `x-sluice-frame` is neither `binary` nor `text`. */
export const invalidFrameKind = () =>
  answer(400, 'BadRequestException', '{"message":"Invalid x-sluice-frame: binary or text"}');

export function refused(refusal: Refusal): ManagementResponse {
  const response = refusalResponse(refusal);
  return { ...response, headers: [...ids(), ...response.headers] };
}

/** The body is empty; SDKs read the type from the header alone. */
export const gone = () => answer(410, 'GoneException', '');

/** The socket is over its soft limit, or this process has all the requests it may hold. */
export const limitExceeded = () => answer(429, 'LimitExceededException', '{"message":"Limit exceeded"}');

export const internalError = () => answer(500, 'InternalServerErrorException', '{"message":"Internal server error"}');

/** This process is on its way out; another one answers. */
export const unavailable = () => answer(503, 'ServiceUnavailableException', '{"message":"Service Unavailable"}');

/** Framing that two servers could read differently, or a body that never came: with what status. */
export function unreadable(status: 400 | 408 | 431): ManagementResponse {
  return answer(status, 'BadRequestException', '{"message":"Bad Request"}');
}

function answer(status: number, errorType: string | undefined, body: string): ManagementResponse {
  const headers = ids();
  if (body !== '') headers.push(['content-type', 'application/json']);
  if (errorType !== undefined) headers.push(['x-amzn-ErrorType', errorType]);
  return { status, headers, body };
}

function ids(): ManagementResponse['headers'] {
  return [
    ['x-amzn-RequestId', randomUUID()],
    ['x-amz-apigw-id', newRequestId()],
  ];
}
