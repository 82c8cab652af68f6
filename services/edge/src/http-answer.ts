import { randomInt, randomUUID } from 'node:crypto';
import { type ConnectionId, type ErrorCode, errorFrame, errorKinds, limits, type RequestId } from '@sluice/contracts';

/** A whole HTTP answer. Where `close` is set the TCP connection ends with it. */
export interface HttpAnswer {
  status: number;
  headers: [name: string, value: string][];
  body: string | Uint8Array;
  close: boolean;
}

/** Refused before an integration ran: unknown stage, extra path, no upgrade (spec 01 §1.3, headers on a failed handshake). */
export function forbidden(): HttpAnswer {
  return refusedEarly(403, 'ForbiddenException', 'Forbidden', []);
}

/** Overload, drain, or no way to the bus: try another node, a random while later. */
export function unavailable(): HttpAnswer {
  const seconds = randomInt(1, limits.retryAfterSecondsMax + 1);
  return refusedEarly(503, 'ServiceUnavailableException', 'Service Unavailable', [['Retry-After', String(seconds)]]);
}

export function wrongVersion(): HttpAnswer {
  return refusedEarly(426, 'UpgradeRequiredException', 'Upgrade Required', [['Sec-WebSocket-Version', '13']]);
}

/** The service answers a request with two Authorization headers with such a page; every other malformed one gets the same. */
export function badRequest(): HttpAnswer {
  return page(400, 'Bad Request');
}

export function uriTooLong(): HttpAnswer {
  return page(414, 'URI Too Long');
}

export function headersTooLarge(): HttpAnswer {
  return page(431, 'Request Header Fields Too Large');
}

export function htmlPage(html: string): HttpAnswer {
  const headers: HttpAnswer['headers'] = [
    ['Content-Type', 'text/html; charset=utf-8'],
    ['Cache-Control', 'no-cache'],
  ];
  return { status: 200, headers, body: html, close: false };
}

/** Failed while its `$connect` ran: the layout of an error frame, and the request id in a header (spec 01 §1.3, 03 §3.4). */
export function failedHandshake(code: ErrorCode, connectionId: ConnectionId, requestId: RequestId): HttpAnswer {
  return {
    status: errorKinds[code].handshakeStatus,
    headers: [
      ['Content-Type', 'application/json; charset=UTF-8'],
      ['x-amz-apigw-id', requestId],
    ],
    body: errorFrame(code, connectionId, requestId),
    close: true,
  };
}

function refusedEarly(status: number, type: string, message: string, more: HttpAnswer['headers']): HttpAnswer {
  return {
    status,
    headers: [
      ['Content-Type', 'application/json'],
      ['x-amzn-RequestId', randomUUID()],
      ['x-amzn-ErrorType', type],
      ...more,
    ],
    body: `{"message":"${message}"}`,
    close: true,
  };
}

function page(status: number, title: string): HttpAnswer {
  const body =
    `<html>\r\n<head><title>${status} ${title}</title></head>\r\n<body>\r\n` +
    `<center><h1>${status} ${title}</h1></center>\r\n</body>\r\n</html>\r\n`;
  return { status, headers: [['Content-Type', 'text/html']], body, close: true };
}
