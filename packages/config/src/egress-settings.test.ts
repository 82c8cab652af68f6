import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadSettings } from './load-settings.js';
import { problemLines } from './problem-lines.fixture.js';

const directory = mkdtempSync(join(tmpdir(), 'sluice-egress-'));
afterAll(() => rmSync(directory, { recursive: true }));

function load(egress: string, target = 'http://127.0.0.1:9000/') {
  writeFileSync(
    join(directory, 'sluice.yaml'),
    `apis: { chat: { routes: { $default: "${target}" }, stages: { dev: } } }\negress: ${egress}\n`,
  );
  return loadSettings({ command: 'start', env: {}, cwd: directory, openFilesMax: 20_000 }).egress;
}

function problemOf(egress: string, target?: string): string {
  return problemLines(() => load(egress, target)).join('\n');
}

describe('egress', () => {
  it('takes ranges of both kinds, none by default', () => {
    const allow = ['10.0.0.0/8', 'fd00::/8', '203.0.113.7/32', '::/0'];
    expect(load(JSON.stringify({ allow }))).toEqual({ allow });
    expect(load('{}')).toEqual({ allow: [] });
  });

  it.each(['10.0.0.0', '10.0.0.0/33', '10.0.0/8', 'fd00::/129', '::g/8', 'localhost/8', '10.0.0.0/-1', '', '7/', '/8'])(
    'refuses the range %j with its place',
    (range) => {
      expect(problemOf(JSON.stringify({ allow: ['10.0.0.0/8', range] }))).toMatch(
        /^sluice\.yaml:2:\d+: egress\.allow\[1\] is .*allowed: an address range such as 10\.0\.0\.0\/8/,
      );
    },
  );

  it('refuses other keys and no list', () => {
    expect(problemOf('{ deny: [] }')).toMatch(/egress\.deny/);
    expect(problemOf('{ allow: 10.0.0.0/8 }')).toMatch(/allowed: a list of address ranges/);
  });

  it('[IN-36] names an address that would be refused, where a stage variable is part of the host', () => {
    const withVariable = (egress: string, host: string) => {
      writeFileSync(
        join(directory, 'sluice.yaml'),
        `apis: { chat: { routes: { $default: "http://\${stageVariables.host}/" }, stages: { dev: { stageVariables: { host: "${host}" } } } } }\negress: ${egress}\n`,
      );
      return () => loadSettings({ command: 'start', env: {}, cwd: directory, openFilesMax: 20_000 });
    };
    for (const host of ['127.0.0.1', '2130706433', '10.0.0.1', '0']) {
      expect(withVariable('{}', host), host).toThrow(
        /\$default is "http:.* in stage dev; where a stage variable is part/,
      );
      expect(withVariable('{ allow: [0.0.0.0/0] }', host), host).not.toThrow();
    }
    expect(withVariable('{}', 'back-end.internal')).not.toThrow();
    expect(withVariable('{}', '203.0.113.7')).not.toThrow();
  });

  it('[IN-36] opens a written metadata address where it is listed, in each spelling', () => {
    for (const host of ['169.254.169.254', '2852039166', '[::ffff:169.254.169.254]']) {
      expect(problemOf('{}', `http://${host}/`)).toMatch(/link-local and metadata addresses are refused/);
      expect(problemOf('{ allow: [169.254.169.254/32] }', `http://${host}/`), host).toBe('');
    }
    expect(problemOf('{ allow: [169.254.169.254/32] }', 'http://100.100.100.200/')).toMatch(/are refused/);
  });
});

describe('a file that need not be there', () => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'sluice-no-file-'));
  afterAll(() => rmSync(elsewhere, { recursive: true }));
  const options = { command: 'router', cwd: elsewhere, fileOptional: true, openFilesMax: 20_000 } as const;

  it('is replaced by flags and variables, which are checked as ever', () => {
    expect(loadSettings({ ...options, env: {}, flags: { redis: 'redis://h:1' } })).toMatchObject({
      apis: [],
      redis: { url: 'redis://h:1' },
    });
    expect(loadSettings({ ...options, env: { SLUICE_REDIS_URL: 'redis://h:2' } }).redis?.url).toBe('redis://h:2');
    expect(() => loadSettings({ ...options, env: {}, flags: { redis: 'http://h' } })).toThrow(/--redis: redis\.url/);
    expect(() => loadSettings({ ...options, env: {} })).toThrow(/command line: redis is missing/);
  });

  it('has to be there where it is named, and is read where it is there', () => {
    const redis = { redis: 'redis://h:1' };
    expect(() => loadSettings({ ...options, env: {}, flags: { ...redis, config: 'x.yaml' } })).toThrow(/no such file/);
    expect(() => loadSettings({ ...options, env: { SLUICE_CONFIG: 'x.yaml' }, flags: redis })).toThrow(/no such file/);
    expect(() => loadSettings({ ...options, env: {}, flags: redis, fileOptional: false })).toThrow(/no such file/);
    writeFileSync(join(elsewhere, 'sluice.yaml'), 'apis: {}\n');
    expect(() => loadSettings({ ...options, env: {}, flags: redis })).toThrow(/apis has no API/);
  });
});
