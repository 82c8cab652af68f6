import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readOptions } from './command-line.js';
import { EchoLoad, type Expectation } from './echo-load.js';
import { byOrigin, hotSpots } from './hot-spots.js';
import { median, percentile } from './measure-round.js';
import { clientFrame, messageBytes, messageShape, mockReply, readSequence, writeSequence } from './message.js';
import { replaceTable, shortTable } from './readme-table.js';
import { budgetsOf, flatness, formatReport } from './report.js';
import { type BenchResult, budget, type CostRow, costBudget, handshakesAtOnce } from './rows.js';
import { issueTokens } from './token-issuer.js';
import { tracingTable } from './tracing-table.js';

function cost(work: CostRow['work'], deployment: CostRow['deployment'], inFlight: number, all: number): CostRow {
  const atMost = costBudget(work, deployment, inFlight);
  return {
    kind: 'cost',
    work,
    deployment,
    inFlight,
    microseconds: { edge: all / 2, router: all / 2 },
    all,
    messagesPerSecond: 12_345.6,
    generatorBusy: 0.5,
    ratio: all / 2,
    budget: atMost === undefined ? undefined : budget(all, atMost),
  };
}

const result: BenchResult = {
  machine: { cpu: 'Some CPU', cores: 2, system: 'Linux 6' },
  versions: { sluice: '1.0.0', node: 'v20', redis: '7.0', uWebSockets: '3' },
  commit: 'abc123',
  date: '2026-01-02T03:04:05Z',
  quick: false,
  seconds: 300.4,
  rows: [
    cost('raw echo', 'raw', 10, 2),
    cost('MOCK', 'cluster-1-edge', 10, 17.96),
    cost('MOCK', 'cluster-2-edges', 10, 21),
    cost('HTTP in order', 'cluster-1-edge', 10, 30),
    cost('handshake, JWT', 'cluster-1-edge', handshakesAtOnce, 240),
    cost('POST SigV4', 'cluster-1-edge', 1, 61),
    {
      kind: 'memory',
      deployment: 'cluster-1-edge',
      connections: 15_000,
      edgeBytes: 2_048,
      redisBytes: 310,
      edgeBudget: budget(2_048, 2_560),
      redisBudget: budget(310, 300),
    },
    {
      kind: 'round-trip',
      deployment: 'cluster-1-edge',
      samples: 100,
      p50Ms: 0.31,
      p99Ms: 1.5,
      p50Budget: budget(0.31, 0.5),
      p99Budget: budget(1.5, 2),
    },
  ],
};

describe('report', () => {
  it('prints every row with its budget and counts those exceeded', () => {
    const text = formatReport(result);
    expect(text).toContain('Sluice 1.0.0 (abc123), 2026-01-02T03:04:05Z\n');
    expect(text).toMatch(/^MOCK +cluster, 1 edge +10 +9\.0 +9\.0 +18\.0 +9\.0× +≤ 18 µs ok +12346 +50 %$/m);
    expect(text).toMatch(/^POST SigV4 .*≤ 50 µs OVER/m);
    expect(text).toContain('2.00 KB each in the process  ≤ 2.5 KB ok');
    expect(text).toContain('310 bytes each in Redis  ≤ 300 B OVER');
    expect(text).toContain('p50 0.31 ms ≤ 0.5 ms ok, p99 1.50 ms ≤ 2 ms ok');
    expect(text).toContain('MOCK, 10 in flight: 2 edges cost +17 % per message against 1  ≤ +15 % OVER');
    expect(text).toContain('4 of 8 budgets are exceeded. Took 300 s.');
    expect(budgetsOf(result.rows)).toHaveLength(8);
  });

  it('prints what tracing adds, for the terminal and for its page', () => {
    const rates = [
      { sampleRatio: 0.01, all: 5.76, ratio: 1.013 },
      { sampleRatio: 1, all: 20, ratio: 3.5 },
    ];
    const row = { kind: 'tracing' as const, work: 'MOCK' as const, deployment: 'cluster-1-edge' as const };
    const traced = { ...result, rows: [{ ...row, inFlight: 10, off: 5.7, rates }] };
    const text = formatReport(traced);
    expect(text).toContain('tracing 1 %, MOCK, cluster, 1 edge, 10 in flight: 5.8 µs, +1.3 % against 5.7 µs without');
    expect(text).toContain(
      'tracing 100 %, MOCK, cluster, 1 edge, 10 in flight: 20.0 µs, +250.0 % against 5.7 µs without',
    );
    expect(tracingTable(traced)).toContain('| MOCK, 10 in flight | off | 5.70 µs | |\n| | 1 % | 5.76 µs | +1.3 % |\n');
    expect(() => tracingTable(result)).toThrow('no row of tracing');
    expect(() => readOptions(['--only', 'mock', '--write-traces'])).toThrow('--write-traces');
  });

  it('says when all budgets are met', () => {
    expect(formatReport({ ...result, rows: [cost('MOCK', 'cluster-1-edge', 10, 18)] })).toContain(
      'All 1 budgets are met.',
    );
  });

  it('compares two edges with one only where both ran', () => {
    expect(flatness([cost('MOCK', 'cluster-2-edges', 10, 21)])).toEqual([]);
    expect(flatness([cost('MOCK', 'cluster-1-edge', 10, 20), cost('MOCK', 'cluster-2-edges', 10, 18)])).toEqual([
      { work: 'MOCK', inFlight: 10, ratio: 0.9, met: true },
    ]);
  });
});

describe('README table', () => {
  it('stands between the marks, and again when it is written twice', () => {
    const readme = 'before\n<!-- bench:start -->\nold\n<!-- bench:end -->\nafter';
    const once = replaceTable(readme, shortTable(result));
    expect(once).toContain('| MOCK, cluster | | 18.0 µs (9.0×) | ≤ 18 µs |'.replace('| |', '|  |'));
    expect(once).toContain('| `@connections` POST SigV4, cluster | 61.0 µs (30.5×) | | ≤ 50 µs (exceeded) |');
    expect(once).toContain('| HTTP in order per connection, cluster |  | 30.0 µs (15.0×) |  |');
    expect(once).toContain(
      '| handshake with `$connect` and JWT, cluster, 32 at once | 240.0 µs (120.0×) | 12346 per s | |',
    );
    expect(once).toContain('commit abc123, 2026-01-02.');
    expect(once).not.toContain('old');
    expect(replaceTable(once, shortTable(result))).toBe(once);
    expect(once.startsWith('before\n')).toBe(true);
    expect(once.endsWith('\nafter')).toBe(true);
  });

  it('refuses a text without both marks, or with one twice', () => {
    expect(() => replaceTable('nothing', 'x')).toThrow('needs the marks');
    expect(() => replaceTable('<!-- bench:end --><!-- bench:start -->', 'x')).toThrow('needs the marks');
    const twice = '<!-- bench:start --><!-- bench:start --><!-- bench:end -->';
    expect(() => replaceTable(twice, 'x')).toThrow('needs the marks');
  });
});

describe('messages', () => {
  it('are of one length for every sender and route, and so is the reply of MOCK', () => {
    for (const sender of [0, 7, 99, 14_999]) {
      expect(messageShape('echo', sender).template).toHaveLength(messageBytes);
      expect(JSON.parse(messageShape('mock', sender).template.toString())).toMatchObject({ from: sender });
    }
    expect(mockReply).toHaveLength(messageBytes);
    JSON.parse(mockReply);
  });

  it('carry a sequence number through masking and back', () => {
    const shape = messageShape('echo', 3);
    for (const sequence of [0, 1, 9, 10, 12_345_678, 99_999_999]) {
      const frame = clientFrame(shape);
      writeSequence(frame, 0, shape, sequence);
      expect([frame[0], frame[1]]).toEqual([0x81, 0x80 | messageBytes]);
      const echoed = Buffer.alloc(messageBytes);
      for (let i = 0; i < messageBytes; i++) echoed[i] = (frame[6 + i] as number) ^ (frame[2 + (i & 3)] as number);
      expect(JSON.parse(echoed.toString())).toMatchObject({ action: 'echo', sequence: `${sequence}`.padStart(8, '0') });
      expect(readSequence(echoed, 0, messageBytes, shape)).toBe(sequence);
    }
  });

  it('are recognised as wrong when any byte is, and as another sender’s', () => {
    const shape = messageShape('echo', 3);
    const right = Buffer.from(shape.template);
    for (let at = 0; at < right.length; at++) {
      const wrong = Buffer.from(right);
      wrong[at] = 0x7e;
      expect(readSequence(wrong, 0, wrong.length, shape)).toBe(-1);
    }
    expect(readSequence(messageShape('echo', 4).template, 0, messageBytes, shape)).toBe(-1);
    expect(readSequence(right, 0, messageBytes - 1, shape)).toBe(-1);
  });
});

describe('numbers', () => {
  it('median and percentile interpolate; none of nothing', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(percentile([1, 2, 3, 4, 5], 0.99)).toBeCloseTo(4.96);
    expect(() => median([])).toThrow('no values');
  });

  it('hot spots leave waiting out and add up one function seen through several callers', () => {
    const frame = (functionName: string, url: string) => ({ functionName, url, lineNumber: 4 });
    const nodes = [
      { id: 1, callFrame: frame('(idle)', ''), hitCount: 1_000 },
      { id: 2, callFrame: frame('read', 'file:///x/node_modules/ioredis/a.js'), hitCount: 30 },
      { id: 3, callFrame: frame('read', 'file:///x/node_modules/ioredis/a.js'), hitCount: 30 },
      { id: 4, callFrame: frame('(garbage collector)', ''), hitCount: 40 },
    ];
    expect(hotSpots({ nodes }, 5)).toEqual([
      { place: 'node_modules/ioredis/a.js:5 read', selfPercent: 60 },
      { place: '(garbage collector)', selfPercent: 40 },
    ]);
    expect(byOrigin({ nodes: [...nodes, { id: 5, callFrame: frame('send', ''), hitCount: 100 }] })).toEqual([
      { place: 'native', selfPercent: 50 },
      { place: 'node_modules/ioredis', selfPercent: 30 },
      { place: '(garbage collector)', selfPercent: 20 },
    ]);
  });
});

describe('options', () => {
  it('select rows by work and place; unknown words are refused with the known ones', () => {
    const { selection, quick } = readOptions(['--only', 'mock,cluster', '--quick']);
    expect([...selection.kinds]).toEqual(['mock']);
    expect([...selection.places]).toEqual(['cluster']);
    expect(quick).toBe(true);
    expect([...readOptions([]).selection.kinds]).toEqual([
      ...['mock', 'http', 'template', 'order', 'lambda', 'handshake', 'post', 'idle', 'roundtrip', 'tracing'],
    ]);
    expect(() => readOptions(['--only', 'moc'])).toThrow('"moc" is not one of mock, http');
    expect(() => readOptions(['--fast'])).toThrow();
  });
});

describe('echo load', () => {
  /** A load whose messages go nowhere, and the answers that fit them in the order in which they were sent. */
  function loadOf(expectation: Expectation): { load: EchoLoad; answers: Buffer[] } {
    const load = new EchoLoad('echo', 3, expectation, () => {});
    load.attach({ write: () => {}, close: () => {}, leave: () => Promise.resolve() });
    load.start(3);
    const { template, sequenceAt } = messageShape('echo', 3);
    const answers = [0, 1, 2].map((sequence) => {
      const answer = Buffer.from(template);
      answer.write(`${sequence}`.padStart(8, '0'), sequenceAt);
      return answer;
    });
    return { load, answers };
  }

  function take(load: EchoLoad, answer: Buffer | undefined): void {
    if (answer === undefined) throw new Error('no such answer');
    load.onText(answer, 0, answer.length);
  }

  it('takes answers in any order where messages are routed in parallel, each once', () => {
    const { load, answers } = loadOf('echo');
    for (const at of [2, 0, 1]) take(load, answers[at]);
    expect([load.completed, load.pending]).toEqual([3, 0]);
    expect(() => take(load, answers[1])).toThrow('message 1 was answered twice');
  });

  it('takes answers of an ordered route only in the order of their messages', () => {
    const { load, answers } = loadOf('ordered echo');
    take(load, answers[0]);
    expect(() => take(load, answers[2])).toThrow('message 2 was answered where 1 was due');
  });
});

describe('tokens', () => {
  it('are RS256, verify with the key that the issuer publishes, and are each another', () => {
    const { keySet, tokens } = issueTokens('http://issuer', 3);
    const [key] = (JSON.parse(keySet) as { keys: JsonWebKey[] }).keys;
    if (key === undefined) throw new Error('no key');
    const subjects = tokens.map((token) => {
      const [head = '', claims = '', signature = ''] = token.split('.');
      const publicKey = createPublicKey({ key, format: 'jwk' });
      const input = Buffer.from(`${head}.${claims}`);
      expect(verify('RSA-SHA256', input, publicKey, Buffer.from(signature, 'base64url'))).toBe(true);
      expect(JSON.parse(Buffer.from(head, 'base64url').toString())).toMatchObject({ alg: 'RS256', kid: 'bench' });
      const { iss, aud, sub } = JSON.parse(Buffer.from(claims, 'base64url').toString());
      expect([iss, aud]).toEqual(['http://issuer', 'bench']);
      return sub;
    });
    expect(new Set(subjects).size).toBe(3);
  });
});
