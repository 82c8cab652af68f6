/** One span as a collector got it, its protocol's encodings undone. */
export interface ReceivedSpan {
  name: string;
  kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  /** The `tracestate` that it was made with. */
  traceState: string | undefined;
  /** Milliseconds since the epoch, with fractions. */
  startMs: number;
  endMs: number;
  attributes: Attributes;
  events: { name: string; timeMs: number; attributes: Attributes }[];
  links: { traceId: string; spanId: string; attributes: Attributes }[];
  /** The message of a failed span; undefined where it did not fail. */
  failure: string | undefined;
  /** Of the process that sent it. */
  resource: Attributes;
  scope: { name: string; version: string; schemaUrl: string };
}

export type Attributes = Record<string, unknown>;

const kinds = [undefined, 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const statusError = 2;

type Json = Record<string, unknown>;

/**
 * Reads an OTLP `ExportTraceServiceRequest` in its JSON encoding, as strictly as a collector may: ids are hexadecimal, times
 * decimal text of nanoseconds, enumerations numbers. Throws a sentence with the place for anything else.
 */
export function readOtlpJson(text: string): ReceivedSpan[] {
  const request = objectAt(JSON.parse(text), 'request');
  return listOf(request, 'resourceSpans').flatMap((resourceSpans) => {
    const resource = attributesOf(objectAt(resourceSpans['resource'] ?? {}, 'resource'));
    return listOf(resourceSpans, 'scopeSpans').flatMap((scopeSpans) => {
      const scope = objectAt(scopeSpans['scope'] ?? {}, 'scope');
      const from = {
        name: String(scope['name'] ?? ''),
        version: String(scope['version'] ?? ''),
        schemaUrl: String(scopeSpans['schemaUrl'] ?? ''),
      };
      return listOf(scopeSpans, 'spans').map((span) => readSpan(span, resource, from));
    });
  });
}

function readSpan(span: Json, resource: Attributes, scope: ReceivedSpan['scope']): ReceivedSpan {
  const name = textOf(span, 'name');
  if (name === '') throw new Error('a span has no name');
  const kind = kinds[Number(span['kind'])];
  if (kind === undefined) throw new Error(`span ${name} is of kind ${String(span['kind'])}`);
  const startMs = millisecondsOf(span, 'startTimeUnixNano');
  const endMs = millisecondsOf(span, 'endTimeUnixNano');
  if (endMs < startMs) throw new Error(`span ${name} ends before it starts`);
  const parent = span['parentSpanId'];
  const status = objectAt(span['status'] ?? {}, 'status');
  return {
    name,
    kind,
    ...identityOf(span),
    parentSpanId: parent === undefined || parent === '' ? undefined : hexOf(span, 'parentSpanId', 16),
    traceState: typeof span['traceState'] === 'string' ? span['traceState'] : undefined,
    startMs,
    endMs,
    attributes: attributesOf(span),
    events: listOf(span, 'events').map((event) => ({
      name: textOf(event, 'name'),
      timeMs: millisecondsOf(event, 'timeUnixNano'),
      attributes: attributesOf(event),
    })),
    links: listOf(span, 'links').map((link) => ({ ...identityOf(link), attributes: attributesOf(link) })),
    failure: status['code'] === statusError ? String(status['message'] ?? '') : undefined,
    resource,
    scope,
  };
}

function identityOf(from: Json): { traceId: string; spanId: string } {
  return { traceId: hexOf(from, 'traceId', 32), spanId: hexOf(from, 'spanId', 16) };
}

function attributesOf(from: Json): Attributes {
  const attributes: Attributes = {};
  for (const each of listOf(from, 'attributes')) {
    const key = textOf(each, 'key');
    if (key in attributes) throw new Error(`attribute ${key} is there twice`);
    attributes[key] = readValue(objectAt(each['value'], key));
  }
  return attributes;
}

function readValue(value: Json): unknown {
  const [[type, content] = []] = Object.entries(value);
  switch (type) {
    case 'stringValue':
    case 'boolValue':
    case 'doubleValue':
      return content;
    case 'intValue':
      return Number(content);
    case 'arrayValue':
      return listOf(objectAt(content, type), 'values').map(readValue);
    default:
      throw new Error(`an attribute has a value of type ${String(type)}`);
  }
}

function listOf(from: Json, name: string): Json[] {
  const list = from[name] ?? [];
  if (!Array.isArray(list)) throw new Error(`${name} is no list`);
  return list.map((each) => objectAt(each, name));
}

function objectAt(value: unknown, place: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${place} is no object`);
  return value as Json;
}

function textOf(from: Json, name: string): string {
  const text = from[name];
  if (typeof text !== 'string') throw new Error(`${name} is no text`);
  return text;
}

function hexOf(from: Json, name: string, length: number): string {
  const text = textOf(from, name);
  if (!/^[0-9a-f]+$/i.test(text) || text.length !== length || /^0+$/.test(text)) {
    throw new Error(`${name} is ${JSON.stringify(text)}, not ${length} hexadecimal digits`);
  }
  return text.toLowerCase();
}

function millisecondsOf(from: Json, name: string): number {
  const text = from[name];
  if (typeof text !== 'string' || !/^\d+$/.test(text)) throw new Error(`${name} is ${String(text)}, no decimal text`);
  return Number(BigInt(text) / 1_000n) / 1_000;
}
