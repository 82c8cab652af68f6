import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { connectRequest, definition, disconnectRequest, message, route } from './back-end.fixture.js';
import type { IntegrationTarget } from './integration-target.js';
import { MappedHead } from './mapped-head.js';
import { compileTarget } from './target-placeholders.js';

const target: IntegrationTarget = {
  ...{ scheme: 'http', host: 'back.end', hostSource: 'written', port: 80, authority: 'back.end' },
  ...{ path: '/path?own=1', method: 'POST', timeoutMs: 1_000 },
};

// What a hostile client would try, between what anybody may write.
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc
    .array(
      fc.constantFrom(
        '\r\n',
        '\n',
        '\0',
        ': ',
        'a',
        ' ',
        '&',
        '=',
        '#',
        '?',
        '%',
        '/',
        '..',
        'ü',
        '\ud800',
        '{',
        '}',
        '\t',
      ),
      {
        maxLength: 12,
      },
    )
    .map((parts) => parts.join('')),
);
const name = fc.oneof(
  text,
  fc.constantFrom(
    'Host',
    'content-length',
    'Transfer-Encoding',
    'x-sluice-stage',
    'X-A',
    'x-a',
    'Traceparent',
    'Content-Type',
  ),
);
const fields = fc.array(fc.tuple(name, text), { maxLength: 5 });

const fieldForm = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ([\t\x20-\x7e\x80-\xff]*)$/;

function readStrictly(head: string): Map<string, string[]> {
  expect(head.endsWith('\r\n\r\n')).toBe(true);
  const [requestLine = '', ...lines] = head.slice(0, -4).split('\r\n');
  expect(requestLine).toMatch(/^POST \/path\?own=1[\x21\x22\x24-\x7e]* HTTP\/1\.1$/);
  const read = new Map<string, string[]>();
  for (const line of lines) {
    const [, key = '', value = ''] = fieldForm.exec(line) ?? [];
    expect([line, key !== '']).toEqual([line, true]);
    read.set(key.toLowerCase(), [...(read.get(key.toLowerCase()) ?? []), value]);
  }
  return read;
}

describe('a head with mapped values', () => {
  it('[IN-16] is one well-formed head, whatever names, values and handshakes are', () => {
    const head = new MappedHead(route, new Set());
    const run = { connect: 0, cases: 0 };
    fc.assert(
      fc.property(
        fields,
        fields,
        fields,
        text,
        fc.constantFrom('message', 'connect', 'disconnect'),
        (headers, querystring, handshake, query, kind) => {
          const requests = {
            message: message('body'),
            connect: connectRequest(handshake, query),
            disconnect: disconnectRequest(1000, query),
          };
          const body = Buffer.from(kind === 'message' ? 'body' : '');
          const parts = { ok: true as const, body, binary: false, headers, querystring, path: {} };
          const read = readStrictly(head.render(requests[kind], target, parts));
          expect(read.get('host')).toEqual(['back.end']);
          expect(read.get('content-length')).toEqual([String(body.length)]);
          expect(read.get('x-sluice-stage')).toEqual(['dev']);
          expect(read.has('transfer-encoding')).toBe(false);
          if (headers.every(([each]) => each.toLowerCase() !== 'traceparent'))
            expect(read.get('traceparent')).toHaveLength(1);
          run.cases++;
          if (kind === 'connect') run.connect++;
        },
      ),
      { numRuns: 2_000 },
    );
    expect(run.cases).toBe(2_000);
    expect(run.connect).toBeGreaterThan(100);
  });
});

describe('a filled path', () => {
  it.each(['/v/{id}/x?q={id}', '/v/{id+}', '/v/a{id}b/{id}'])(
    '[IN-8] %s stays what and where it was written',
    (path) => {
      const { fill } = compileTarget(definition({ integrationUri: `http://back.end${path}` }), {}, undefined);
      let filled = 0;
      fc.assert(
        fc.property(text, (id) => {
          let at: IntegrationTarget | undefined;
          try {
            at = fill?.({ id });
          } catch (error) {
            expect(error).toMatchObject({ name: 'MisconfiguredIntegrationError' });
          }
          if (at === undefined) return;
          filled++;
          expect(at).toMatchObject({ host: 'back.end', hostSource: 'written', authority: 'back.end' });
          expect(at.path).toMatch(/^[\x21\x22\x24-\x7e]+$/);
          // As a back end reads it: no segment has gone, and none has come but from `{id+}`.
          const { pathname, search } = new URL(at.path, 'http://back.end');
          expect(pathname.startsWith('/v/')).toBe(true);
          expect(pathname + search).toBe(at.path.replace(/(?<=\?.*)'/g, '%27'));
          if (!path.includes('+')) expect(pathname.split('/').length).toBe(path.split('?')[0]?.split('/').length);
        }),
        { numRuns: 2_000 },
      );
      expect(filled).toBeGreaterThan(500);
    },
  );
});
