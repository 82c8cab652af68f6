import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LoadOptions, loadSettings } from '@sluice/config';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { describeSettings } from './check-configuration.js';
import { runCommandLine } from './command-line.js';
import { explainFailure } from './fail.js';
import { welcomeLines } from './welcome.js';

const directory = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
const file = join(directory, 'sluice.yaml');
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

const yaml = `
apis:
  chat:
    integrations: { backend: { integrationType: HTTP_PROXY, integrationUri: http://127.0.0.1:9000/chat } }
    routes: { $connect: backend, say: { integration: backend, routeResponse: true }, $default: {} }
    stages: { dev: , prod: }
`;

function settings(options: Partial<LoadOptions> = {}, text = yaml) {
  writeFileSync(file, text);
  return loadSettings({ command: 'start', cwd: directory, env: {}, openFilesMax: 20_000, ...options });
}

async function sluice(...args: string[]): Promise<{ code: number; out: string }> {
  let out = '';
  const write = (chunk: unknown) => {
    out += String(chunk);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(write);
  vi.spyOn(process.stderr, 'write').mockImplementation(write);
  await runCommandLine(['node', 'sluice', ...args]);
  const code = Number(process.exitCode ?? 0);
  vi.restoreAllMocks();
  return { code, out };
}

describe('sluice', () => {
  it('check prints what it understood', async () => {
    settings();
    const { code, out } = await sluice('check', file);
    expect([code, out.split('\n')]).toEqual([
      0,
      [
        `${file} is valid.`,
        '',
        'API chat: $request.body.action',
        '  stages dev (/dev), prod (/prod)',
        '  $connect  HTTP_PROXY POST http://127.0.0.1:9000/chat (29000 ms)',
        '  say       HTTP_PROXY POST http://127.0.0.1:9000/chat (29000 ms), answers the client',
        '  $default  no integration',
        '',
        'ARNs: region us-east-1, account 000000000000',
        'listens on 127.0.0.1:8080, health and metrics on 127.0.0.1:8081',
        'bus: in this process',
        '@connections: open to whoever reaches the port',
        '',
      ],
    ]);
  });

  it('check names what is wrong, with exit code 2', async () => {
    writeFileSync(file, yaml.replace('backend,', 'bakend,'));
    const { code, out } = await sluice('check', file);
    expect(code).toBe(2);
    expect(out).toContain('one problem');
    expect(out).toMatch(/sluice\.yaml:5:\d+: apis\.chat\.routes\.\$connect is "bakend".*did you mean backend\?/);
  });

  it.each([
    [['strat'], 2, /unknown command 'strat'[\s\S]*start/],
    [['start', '--prot', '1'], 2, /unknown option '--prot'[\s\S]*--port/],
    [['start', 'extra'], 2, /too many arguments/],
    [['router', '--port', '1'], 2, /unknown option '--port'/],
    [['dead-letters', 'redrive'], 2, /name ids, or say --all/],
    [['dead-letters', 'redrive', 'x', '--all'], 2, /name ids, or say --all/],
    [['dead-letters', 'list', '--count', 'many'], 2, /--count: is many/],
    [['--version'], 0, /^\d+\.\d+\.\d+/],
    [['--help'], 0, /start[\s\S]*edge[\s\S]*router[\s\S]*callback[\s\S]*check[\s\S]*dead-letters/],
  ] as [string[], number, RegExp][])('%j ends with %d', async (args, expected, text) => {
    const { code, out } = await sluice(...args);
    expect(out).toMatch(text);
    expect(code).toBe(expected);
  });

  it('shows every flag with its variable and default', async () => {
    const { out } = await sluice('edge', '--help');
    expect(out.replace(/\s+/g, ' ')).toContain('--port <number> port to listen on; default 8080 (SLUICE_PORT)');
    expect(out).toContain('SLUICE_DRAIN_WINDOW_MS');
  });

  it('says where things are and what to type next', () => {
    const admin = { host: '127.0.0.1', port: 8081 };
    const edge = { host: '0.0.0.0', port: 8080 };
    const lines = welcomeLines(settings({ flags: { auth: 'none' } }), { admin, edge, callback: undefined });
    expect(lines).toContain('  clients      ws://127.0.0.1:8080/dev');
    expect(lines.at(-1)).toBe('  Try it:      npx wscat -c ws://127.0.0.1:8080/dev');
    const two = `${yaml}  other: { routes: {}, stages: { v1: } }\n`;
    const named = welcomeLines(settings({}, two), { admin, edge: { host: '::1', port: 1 }, callback: undefined });
    expect(named).toContain('  clients      ws://[::1]:1/chat/dev');
    expect(named).toContain('  clients      ws://[::1]:1/other/v1');
  });

  it('check says where the stages of several APIs are, and that keys are not asked for', () => {
    const keys = 'auth: { keys: [{ accessKeyId: AK, secretAccessKey: planted, allow: ["*"] }] }\n';
    const text = describeSettings(settings({}, `${yaml}  other: { routes: {}, stages: { v1: } }\n${keys}`)).join('\n');
    expect(text).toContain('stages dev (/chat/dev), prod (/chat/prod)');
    expect(text).toContain('stages v1 (/other/v1)');
    expect(text).toMatch(/open to whoever reaches the port, 1 key not asked for/);
  });

  it('check says where functions, services and authorizers are asked', () => {
    const arn = 'arn:aws:lambda:eu-west-1:123456789012:function:chat';
    const uri = `arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/${arn}/invocations`;
    const apis = `apis:
  chat:
    authorizers: { guard: { authorizerType: REQUEST, authorizerUri: "${uri}", identitySource: route.request.querystring.t, authorizerResultTtlInSeconds: 60 } }
    integrations:
      queue: { integrationType: AWS, integrationUri: "arn:aws:apigateway:eu-west-1:sqs:path/1/q", integrationResponses: { $default: {} } }
    routes: { $connect: { integration: "${uri}", authorizer: guard }, job: queue }
    stages: { dev: {} }
`;
    const place =
      'aws: { region: eu-west-1, accountId: "123456789012", credentials: { accessKeyId: AK, secretAccessKey: planted }, endpoints: { sqs: "http://q" } }\n';
    const functions = 'lambda: { endpoint: "http://l", functions: { other: "http://o/x" } }\n';
    const lines = describeSettings(settings({}, apis + place + functions));
    expect(lines).toContain(`  $connect  AWS_PROXY ${arn} (29000 ms), CUSTOM guard`);
    expect(lines).toContain(`  authorizer guard: REQUEST ${arn}, from route.request.querystring.t, kept 60 s`);
    expect(lines).toContain('ARNs: region eu-west-1, account 123456789012');
    expect(lines).toContain('functions: other at http://o/x, others at http://l');
    expect(lines).toContain('AWS services: sqs at http://q, others at AWS');
    expect(lines.join('\n')).not.toMatch(/planted|warning/);
    expect(describeSettings(settings({}, apis + place))).toContain('functions: at AWS');
  });

  it('dead-letters takes only flags that mean something for it, and says that it needs Redis', async () => {
    const { out: help } = await sluice('dead-letters', 'list', '--help');
    expect(help.match(/--[a-z-]+/g)).toEqual(['--config', '--log-level', '--redis', '--json', '--count', '--help']);
    writeFileSync(file, yaml);
    const { code, out } = await sluice('dead-letters', 'list', '--config', file);
    expect([code, out]).toEqual([2, expect.stringMatching(/redis is missing: .*--redis redis:/)]);
    expect(out).not.toContain('sluice router');
  });

  it('describes a cluster with its keys and no secret', () => {
    const keys = 'auth: { keys: [{ accessKeyId: AK, secretAccessKey: planted, allow: ["*"] }] }\n';
    const text = describeSettings(settings({ env: { SLUICE_REDIS_URL: 'redis://:planted@r' } }, `${yaml}${keys}`)).join(
      '\n',
    );
    expect(text).toContain('Redis (standalone), 1 shard');
    expect(text).toContain('signed, 1 key');
    expect(text).not.toContain('planted');
  });

  it('shows a stack only for what is nobody’s mistake but ours', () => {
    const written: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => written.push(String(chunk)) > 0);
    expect(explainFailure(new Error('port 1 is in use'))).toBe(1);
    expect(explainFailure(new TypeError('x is undefined'))).toBe(1);
    expect(written[0]).toBe('sluice: port 1 is in use\n');
    expect(written[1]).toMatch(/TypeError: x is undefined\n {4}at /);
  });
});
