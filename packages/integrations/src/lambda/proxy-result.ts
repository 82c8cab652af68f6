import { isUtf8 } from 'node:buffer';
import { limits } from '@sluice/contracts';
import { fromBase64 } from '../content-handling.js';
import { cleanFields } from '../header-text.js';
import {
  failure,
  type IntegrationOutcome,
  type IntegrationRequest,
  type IntegrationRoute,
  noBody,
  noHeaders,
} from '../integration.js';
import { parseJson } from './invoke-answer.js';

/** The result of a function as it left it: members that are there, whatever they hold. */
interface ProxyResult {
  statusCode?: unknown;
  headers?: unknown;
  multiValueHeaders?: unknown;
  body?: unknown;
  isBase64Encoded?: unknown;
}

/**
 * The response contract of spec 05 §5.5: what a function's result means to the caller. Members that the kind of request ignores
 * are not looked at; a result that breaks the contract where it counts is `function_response_malformed`.
 */
export function readProxyResult(
  payload: Uint8Array,
  request: IntegrationRequest,
  route: Pick<IntegrationRoute, 'hasRouteResponse' | 'binaryFrames'>,
): IntegrationOutcome {
  if (request.kind === 'DISCONNECT') return { ok: true, status: 200, headers: noHeaders, body: noBody };
  const result = parseJson(payload);
  if (!isResult(result)) return malformed('it is no JSON object');
  const { statusCode: status } = result;
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 100 || status > 599) {
    return malformed('it has no statusCode that is an integer of 100 to 599');
  }
  const body = bodyOf(result);
  if (typeof body === 'string') return malformed(body);
  if (request.kind === 'MESSAGE') return answerToMessage(status, body, result.isBase64Encoded === true, route);
  const headers = headersOf(result);
  if (typeof headers === 'string') return malformed(headers);
  if (status < 200 || status > 299) return { ok: true, status, headers: cleanFields(headers), body };
  const protocol = headers.filter(([name]) => name.toLowerCase() === 'sec-websocket-protocol');
  return { ok: true, status, headers: cleanFields(protocol), body: noBody };
}

function answerToMessage(
  status: number,
  body: Uint8Array,
  wasBase64: boolean,
  route: Pick<IntegrationRoute, 'hasRouteResponse' | 'binaryFrames'>,
): IntegrationOutcome {
  if (!route.hasRouteResponse || body.length === 0) return { ok: true, status, headers: noHeaders, body: noBody };
  if (!wasBase64) return { ok: true, status, headers: noHeaders, body };
  if (route.binaryFrames) return { ok: true, status, headers: noHeaders, body, binary: true };
  return { ok: true, status, headers: noHeaders, body: asText(body) };
}

/** Text frames hold UTF-8: what is none is replaced by U+FFFD (spec 05 §5.5). */
function asText(bytes: Uint8Array): Uint8Array {
  return isUtf8(bytes) ? bytes : Buffer.from(Buffer.from(bytes).toString());
}

function isResult(value: unknown): value is ProxyResult {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The body's bytes, or what is wrong with it. */
function bodyOf({ body, isBase64Encoded }: ProxyResult): Uint8Array | string {
  if (isBase64Encoded !== undefined && isBase64Encoded !== null && typeof isBase64Encoded !== 'boolean') {
    return 'its isBase64Encoded is neither true nor false';
  }
  if (body === undefined || body === null) return noBody;
  if (typeof body !== 'string') return 'its body is not text';
  const bytes = Buffer.from(body);
  if (isBase64Encoded !== true) return bytes;
  return fromBase64(bytes) ?? 'its body is not base64 as isBase64Encoded says';
}

/**
 * `headers` and `multiValueHeaders` as one list; a value that both have counts once. Text says what is wrong with them.
 */
function headersOf({ headers, multiValueHeaders }: ProxyResult): [name: string, value: string][] | string {
  const noHeader = 'its headers are not texts, numbers or true and false by name';
  if (![headers, multiValueHeaders].every((each) => each === undefined || each === null || isResult(each))) {
    return noHeader;
  }
  const multi = entriesOf(multiValueHeaders).flatMap(([name, values]) =>
    (Array.isArray(values) ? (values as unknown[]) : [values]).map((value) => ({ name, text: textOf(value) })),
  );
  const known = new Set(multi.map(({ name, text }) => `${name.toLowerCase()}:${text}`));
  const single = entriesOf(headers)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => ({ name, text: textOf(value) }))
    .filter(({ name, text }) => !known.has(`${name.toLowerCase()}:${text}`));
  const all: [name: string, value: string][] = [];
  let characters = 0;
  for (const { name, text } of [...single, ...multi]) {
    if (text === undefined) return noHeader;
    characters += name.length + text.length;
    all.push([name, text]);
  }
  // As much as an HTTP back end may say.
  return characters > limits.integrationHeadBytesMax ? `its headers have ${characters} characters` : all;
}

function entriesOf(value: unknown): [name: string, value: unknown][] {
  return isResult(value) ? Object.entries(value) : [];
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

function malformed(reason: string): IntegrationOutcome {
  return failure('function_response_malformed', `the function's result is no proxy response: ${reason}`);
}
