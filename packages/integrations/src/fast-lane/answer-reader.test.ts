import { limits } from '@sluice/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerReader } from './answer-reader.js';

const expectation = { headOnly: false, keepHeaders: true, keepBody: true };

interface Reading {
  verdict: string;
  body: string;
  extra: number;
}

/** Feeds the text in pieces that end at the given offsets. */
function read(text: string, cuts: number[] = [], expected = expectation): Reading & { reader: AnswerReader } {
  const bytes = Buffer.from(text, 'latin1');
  const reader = new AnswerReader();
  reader.begin(expected);
  let at = 0;
  for (const end of [...cuts.filter((cut) => cut > 0 && cut < bytes.length).sort((a, b) => a - b), bytes.length]) {
    if (end === at) continue;
    const piece = Buffer.from(bytes.subarray(at, end));
    const verdict = reader.feed(piece, piece.length);
    at = end;
    if (verdict !== 'more') {
      const extra = verdict === 'complete' ? piece.length - reader.consumed + bytes.length - end : 0;
      return { verdict, body: Buffer.from(reader.body).toString('latin1'), extra, reader };
    }
  }
  return { verdict: 'more', body: '', extra: 0, reader };
}

const length5 = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
const chunkedHello =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nX-T: 1\r\n\r\n';
const samples = [
  length5,
  chunkedHello,
  `HTTP/1.1 100 Continue\r\n\r\n${length5}`,
  'HTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n',
  'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n',
  `${length5}HTTP/1.1 200 OK\r\n\r\n`,
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nX-A : 1\r\nContent-Length: 0\r\n\r\n',
];

describe('answer reader', () => {
  it('comes to the same answer however the bytes are cut and wherever one is damaged (20,000 cases)', () => {
    const damage = fc.option(fc.record({ at: fc.nat(200), byte: fc.integer({ min: 0, max: 255 }) }), {
      nil: undefined,
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        damage,
        fc.array(fc.nat(200), { maxLength: 12 }),
        (sample, hit, cuts) => {
          const text =
            hit === undefined
              ? sample
              : sample.slice(0, hit.at) + String.fromCharCode(hit.byte) + sample.slice(hit.at + 1);
          const whole = read(text);
          const cut = read(text, cuts);
          // A head in pieces is looked at once it has its end, so what is invalid in it may show later, but never turns valid.
          if (whole.verdict !== 'complete') expect(cut.verdict).not.toBe('complete');
          else expect([cut.verdict, cut.body, cut.extra]).toEqual([whole.verdict, whole.body, whole.extra]);
        },
      ),
      { numRuns: 20_000, seed: 7 },
    );
  });

  it('reads lengths, chunks, interim answers and answers without a body', () => {
    expect(read(length5)).toMatchObject({ verdict: 'complete', body: 'hello', extra: 0 });
    expect(read(chunkedHello)).toMatchObject({ verdict: 'complete', body: 'hello', extra: 0 });
    expect(read(samples[2] as string)).toMatchObject({ verdict: 'complete', body: 'hello', extra: 0 });
    expect(read(samples[3] as string)).toMatchObject({ verdict: 'complete', body: '' });
    expect(read(samples[4] as string)).toMatchObject({ verdict: 'complete', body: '', extra: 0 });
    const head = read('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', [], { ...expectation, headOnly: true });
    expect(head).toMatchObject({ verdict: 'complete', body: '' });
  });

  it.each(['', 'Content-Length: 5\r\n'])('[IN-31] length and encoding contradict each other (%j first)', (first) => {
    const fields = `${first}Transfer-Encoding: chunked\r\n${first === '' ? 'Content-Length: 5\r\n' : ''}`;
    expect(read(`HTTP/1.1 200 OK\r\n${fields}\r\n0\r\n\r\n`).verdict).toBe('invalid');
  });

  it('counts bytes behind the answer', () => {
    expect(read(`${length5}x`).extra).toBe(1);
    expect(read(`${chunkedHello}xy`, [30, 60]).extra).toBe(2);
  });

  it('keeps the fields of an answer in order, as written and trimmed', () => {
    const { reader } = read(
      'HTTP/1.1 401 No\r\nX-B:  two \r\nx-a:\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 0\r\n\r\n',
    );
    expect(reader.status).toBe(401);
    expect(reader.headers).toEqual([
      ['X-B', 'two'],
      ['x-a', ''],
      ['Set-Cookie', 'a'],
      ['Set-Cookie', 'b'],
      ['Content-Length', '0'],
    ]);
  });

  it.each([
    ['', -1],
    ['Keep-Alive: timeout=5, max=100\r\n', 5],
    ['Keep-Alive: max=100, TIMEOUT = 7\r\n', 7],
    ['Connection: close\r\n', 0],
    ['Connection: x, Close\r\nKeep-Alive: timeout=5\r\n', 0],
    ['Keep-Alive: timeout=5\r\nConnection: close\r\n', 0],
    ['Connection: keep-alive\r\nKeep-Alive: timeout=0\r\n', 0],
  ])('%j keeps the connection for %i s', (fields, seconds) => {
    expect(read(`HTTP/1.1 200 OK\r\n${fields}Content-Length: 0\r\n\r\n`).reader.keepAliveSeconds).toBe(seconds);
  });

  it('never keeps the connection of HTTP/1.0 or of a body that ends with it', () => {
    expect(read('HTTP/1.0 200 OK\r\nKeep-Alive: timeout=9\r\nContent-Length: 0\r\n\r\n').reader.keepAliveSeconds).toBe(
      0,
    );
    const { reader, verdict } = read('HTTP/1.1 200 OK\r\n\r\nhello');
    expect(verdict).toBe('more');
    expect(reader.finish()).toBe('complete');
    expect(Buffer.from(reader.body).toString()).toBe('hello');
    expect(reader.keepAliveSeconds).toBe(0);
  });

  it('stops at its limits, to the byte', () => {
    const { integrationHeadBytesMax: headMax, integrationBodyBytesMax: bodyMax } = limits;
    const start = 'HTTP/1.1 204 OK\r\nX-A: ';
    const headOf = (bytes: number) => `${start}${'a'.repeat(bytes - start.length - 4)}\r\n\r\n`;
    expect(read(headOf(headMax)).verdict).toBe('complete');
    expect(read(headOf(headMax + 1)).verdict).toBe('too-large');
    expect(read(headOf(headMax), [10, 60_000]).verdict).toBe('complete');
    expect(read(headOf(headMax + 1), [10, 60_000]).verdict).toBe('too-large');
    const sized = (bytes: number) => `HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\n\r\n`;
    expect(read(sized(bodyMax) + 'b'.repeat(bodyMax), [50_000]).verdict).toBe('complete');
    expect(read(sized(bodyMax + 1)).verdict).toBe('too-large');
    const chunked = (bytes: number) =>
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${bytes.toString(16)}\r\n${'b'.repeat(bytes)}\r\n0\r\n\r\n`;
    expect(read(chunked(bodyMax), [50_000]).body).toHaveLength(bodyMax);
    expect(read(chunked(bodyMax + 1)).verdict).toBe('too-large');
    expect(read(`HTTP/1.1 200 OK\r\n\r\n${'b'.repeat(bodyMax + 1)}`).verdict).toBe('too-large');
  });
});
