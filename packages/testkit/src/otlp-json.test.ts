import { describe, expect, it } from 'vitest';
import { readOtlpJson } from './otlp-json.js';

const span = {
  name: 'send frames',
  kind: 4,
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  startTimeUnixNano: '1700000000000500000',
  endTimeUnixNano: '1700000000001000000',
  attributes: [
    { key: 'n', value: { intValue: 3 } },
    { key: 'list', value: { arrayValue: { values: [{ stringValue: 'x' }] } } },
  ],
  links: [{ traceId: 'c'.repeat(32), spanId: 'd'.repeat(16), attributes: [] }],
  events: [],
  status: { code: 2, message: 'backlog_full' },
};
const requestOf = (changes: object) =>
  JSON.stringify({ resourceSpans: [{ scopeSpans: [{ schemaUrl: 's', spans: [{ ...span, ...changes }] }] }] });

describe('OTLP in JSON', () => {
  it('is read into spans', () => {
    expect(readOtlpJson(requestOf({}))).toMatchObject([
      {
        name: 'send frames',
        kind: 'producer',
        parentSpanId: undefined,
        startMs: 1_700_000_000_000.5,
        attributes: { n: 3, list: ['x'] },
        links: [{ spanId: 'd'.repeat(16) }],
        failure: 'backlog_full',
        scope: { schemaUrl: 's' },
      },
    ]);
  });

  it.each([
    ['an id in base64', { traceId: 'qqqqqqqqqqqqqqqqqqqqqg==' }, 'not 32 hexadecimal digits'],
    ['an id of zeros', { spanId: '0'.repeat(16) }, 'not 16 hexadecimal digits'],
    ['a kind by name', { kind: 'SPAN_KIND_SERVER' }, 'is of kind'],
    ['a time as a number', { startTimeUnixNano: 17 }, 'no decimal text'],
    ['an end before the start', { endTimeUnixNano: '1' }, 'ends before it starts'],
    ['an attribute twice', { attributes: [...span.attributes, ...span.attributes] }, 'twice'],
    ['no name', { name: '' }, 'has no name'],
  ])('is refused with %s', (_what, changes, reason) => {
    expect(() => readOtlpJson(requestOf(changes))).toThrow(reason);
  });
});
