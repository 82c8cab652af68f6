import { limits } from '@sluice/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLog, type LogLevel } from './log.js';
import { readableLine } from './readable-log.js';
import { redactField, redactText } from './redaction.js';

function capture(level: LogLevel = 'info') {
  const lines: Record<string, unknown>[] = [];
  const raw: string[] = [];
  let nowMs = 1_000;
  const log = createLog({
    role: 'edge',
    level,
    destination: {
      write(line) {
        raw.push(line);
        lines.push(JSON.parse(line));
      },
    },
    now: () => nowMs,
  });
  return {
    log,
    lines,
    raw,
    pass(ms: number) {
      nowMs += ms;
    },
  };
}

describe('log', () => {
  it('writes one JSON object a line with ts, level, event, msg and fields', () => {
    const { log, lines, raw } = capture();
    log.warn('edge.frame_refused', 'refused', { api: 'chat', stage: 'dev', code: 'backlog_full', duration_ms: 3 });
    expect(raw[0]?.endsWith('}\n')).toBe(true);
    expect(lines[0]).toEqual({
      ts: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      level: 'warn',
      event: 'edge.frame_refused',
      msg: 'refused',
      role: 'edge',
      api: 'chat',
      stage: 'dev',
      code: 'backlog_full',
      duration_ms: 3,
    });
  });

  it('writes every line that a stage asks for, as its writer has masked it', () => {
    const { log, lines } = capture();
    const text = 'Endpoint request headers: {Authorization=*****abcdef}';
    for (let i = 0; i < limits.logLinesPerEventMax * 3; i++) log.info('logs.execution', text, { api: 'chat' });
    expect(lines).toHaveLength(limits.logLinesPerEventMax * 3);
    expect(lines[0]).toMatchObject({ event: 'logs.execution', msg: text, api: 'chat' });
    const { log: quiet, lines: none } = capture('warn');
    quiet.info('logs.access', 'line');
    expect(none).toEqual([]);
  });

  it('gives an error with type, message, code, stack and cause', () => {
    const { log, lines } = capture();
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    log.error('process.failed', 'failed', { error: new TypeError('no', { cause }) });
    expect(lines[0]?.['err']).toMatchObject({
      type: 'TypeError',
      message: 'no',
      stack: expect.stringContaining('log.test'),
      cause: { code: 'ECONNREFUSED', message: 'refused' },
    });
  });

  it('lets fields not overwrite event, level, time or text', () => {
    const { log, lines } = capture();
    log.info('process.ready', 'real', { event: 'x', msg: 'y', ts: 'z', level: 'q', role: 'r' });
    expect(lines[0]).toMatchObject({ event: 'process.ready', msg: 'real', level: 'info', role: 'edge' });
  });

  it('drops what is below its level', () => {
    const { log, lines } = capture('warn');
    log.info('process.ready', 'ready');
    log.debug('process.ready', 'ready');
    log.error('process.failed', 'failed');
    expect(lines.map((line) => line['level'])).toEqual(['error']);
  });

  it('limits repeats of one event, not of others, and says how many it left out', () => {
    const { log, lines, pass } = capture();
    const burst = limits.logLinesPerEventMax + 30;
    for (let i = 0; i < burst; i++) log.warn('edge.frame_refused', 'refused');
    log.warn('edge.slow_consumer', 'slow');
    expect(lines).toHaveLength(limits.logLinesPerEventMax + 1);
    pass(limits.logWindowMs);
    log.warn('edge.frame_refused', 'refused again');
    expect(lines.slice(-2)).toMatchObject([
      { event: 'edge.frame_refused', suppressed: 30, level: 'warn' },
      { event: 'edge.frame_refused', msg: 'refused again' },
    ]);
  });

  it('reports what is still suppressed when flushed', () => {
    const { log, lines } = capture();
    for (let i = 0; i < limits.logLinesPerEventMax + 2; i++) log.info('drain.progress', 'draining');
    log.flush();
    expect(lines.at(-1)).toMatchObject({ event: 'drain.progress', suppressed: 2 });
    log.flush();
    expect(lines).toHaveLength(limits.logLinesPerEventMax + 1);
  });
});

describe('redaction', () => {
  const planted = 'pl4nted-s3cret-value';

  it.each([
    { authorization: planted },
    { headers: { Authorization: planted, cookie: planted } },
    { headers: [['authorization', planted]] },
    { pair: ['x-amz-security-token', planted] },
    { auth: { keys: [{ accessKeyId: 'A', secretAccessKey: planted }] } },
    { password: planted },
    { body: planted },
    { redis: `redis://user:${planted}@127.0.0.1:6379/0` },
    { line: `Authorization: AWS4-HMAC-SHA256 Credential=A/x, Signature=${planted}` },
    { line: `sent Bearer ${planted}` },
    { url: `wss://h/dev?token=${planted}&a=b` },
    { error: new Error(`connect redis://:${planted}@h failed`, { cause: new Error(`password=${planted}`) }) },
  ])('keeps planted secrets out: %o', (fields) => {
    const { log, raw } = capture();
    log.warn('bus.redis_down', 'down', fields);
    expect(raw.join()).not.toContain(planted);
    expect(raw.join()).toContain('[redacted]');
  });

  it('keeps them out of the message itself', () => {
    const { log, raw } = capture();
    log.warn('bus.redis_down', `cannot reach rediss://:${planted}@h:1`);
    expect(raw.join()).not.toContain(planted);
  });

  it('leaves ordinary text alone', () => {
    for (const text of ['redis://127.0.0.1:6379', 'a token bucket is empty', 'http://h/a:b@c']) {
      expect(redactText(text)).toBe(text);
    }
  });

  it('is bounded for deep, wide and circular values', () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    expect(JSON.stringify(redactField('x', circular))).toContain('[deeper]');
    expect((redactField('x', new Array(1000).fill(1)) as unknown[]).length).toBeLessThanOrEqual(50);
    expect(String(redactField('x', 'a'.repeat(100_000))).length).toBeLessThan(5_000);
    fc.assert(fc.property(fc.anything(), (value) => void JSON.stringify(redactField('x', value))));
  });
});

describe('readable form', () => {
  const line = JSON.stringify({
    ts: '2025-01-02T03:04:05.678Z',
    level: 'warn',
    event: 'e.x',
    msg: 'hello',
    role: 'edge',
    count: 3,
  });

  it('is short, and plain without colour', () => {
    expect(readableLine(line, false)).toBe('03:04:05 warn  hello (e.x) count=3\n');
  });

  it('has colour only when asked', () => {
    expect(readableLine(line, true)).toContain('\u001b[33m');
  });

  it('shows control characters instead of having them carried out', () => {
    const hostile = { ...JSON.parse(line), msg: 'a\n03:04:05 error forged\u001b[2J\u009b', count: 'x\ry\u2028' };
    expect(readableLine(JSON.stringify(hostile), false)).toBe(
      '03:04:05 warn  a\\n03:04:05 error forged\\u001b[2J\\u009b (e.x) count=x\\ry\\u2028\n',
    );
  });

  it('passes on what is no log line', () => {
    expect(readableLine('plain\n', false)).toBe('plain\n');
  });
});
