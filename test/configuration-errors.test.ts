import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const command = fileURLToPath(new URL('../packages/cli/bin/sluice.js', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'sluice-config-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function sluice(args: string[], env: Record<string, string> = {}) {
  const run = spawnSync(process.execPath, [command, ...args], {
    encoding: 'utf8',
    timeout: 20_000,
    env: { PATH: process.env['PATH'], ...env },
  });
  return { status: run.status, output: `${run.stdout}${run.stderr}` };
}

function check(yaml: string) {
  const file = join(directory, 'sluice.yaml');
  writeFileSync(file, yaml);
  return sluice(['check', file]);
}

const api = (body: string) =>
  `apis:\n  chat:\n    routeSelectionExpression: $request.body.action\n    stages: { dev: {} }\n${body}`;

describe('a configuration that is wrong stops the start with the path and the reason', () => {
  it.each<[string, string, RegExp[]]>([
    ['unknown key', api('    rutes: {}\n'), [/apis\.chat\.rutes/, /routes/]],
    ['wrong type', api('    routes: { $default: 5 }\n'), [/apis\.chat\.routes\.\$default/]],
    [
      'timeout out of range',
      api(
        '    routes: { $default: { integration: { integrationType: HTTP_PROXY, integrationUri: "http://a/", timeoutInMillis: 5 } } }\n',
      ),
      [/timeoutInMillis/, /50/, /29000/],
    ],
    [
      'unknown integration type',
      api('    integrations: { x: { integrationType: HTTPS_PROXY, integrationUri: "http://a/" } }\n'),
      [/apis\.chat\.integrations\.x\.integrationType/, /HTTP_PROXY/],
    ],
    [
      'integration that is not there',
      api('    routes: { $default: backend }\n'),
      [/apis\.chat\.routes\.\$default/, /backend/],
    ],
    ['reserved route key', api('    routes: { $other: "http://127.0.0.1:1/" }\n'), [/\$other/]],
    [
      'bad expression',
      'apis:\n  chat:\n    routeSelectionExpression: $request.header.x\n    stages: { dev: {} }\n',
      [/routeSelectionExpression/, /request\.body/],
    ],
    [
      'duplicate API id',
      'apis:\n  chat: { routeSelectionExpression: a, stages: { dev: {} } }\n  chat: { routeSelectionExpression: b, stages: { dev: {} } }\n',
      [/chat/, /unique|duplicate|twice/i],
    ],
    ['not YAML', 'apis: [\n', [/line \d|:\d+/]],
    [
      'limit of wrong type',
      api('    limits: { idleTimeoutMs: soon }\n'),
      [/apis\.chat\.limits\.idleTimeoutMs/, /number/],
    ],
    [
      'what AWS refuses, and an authorizer that asks nobody',
      api('    corsConfiguration: {}\n    routes: {}\n    authorizers: { a: { authorizerType: REQUEST } }\n'),
      [/apis\.chat\.corsConfiguration .*Cors is not supported/, /apis\.chat\.authorizers\.a\.authorizerUri is missing/],
    ],
    [
      'a template that cannot be read',
      api('    routes: { a: { integration: { integrationType: MOCK, requestTemplates: { $default: "#if(" } } } }\n'),
      [/apis\.chat\.routes\.a\.integration\.requestTemplates\.\$default .*line 1/],
    ],
  ])('[ST-2] %s', (_what, yaml, patterns) => {
    const { status, output } = check(yaml);
    expect(status).not.toBe(0);
    for (const pattern of patterns) expect(output).toMatch(pattern);
    expect(output).not.toMatch(/at .*\.js:\d+/);
  });

  it('[ST-3] a missing file, an unknown flag, an unknown variable and a bad port are named', () => {
    expect(sluice(['start', '--config', '/nowhere.yaml']).output).toContain('/nowhere.yaml');
    expect(sluice(['start', '--prot', '1']).output).toMatch(/--prot/);
    expect(sluice(['check'], { SLUICE_REDIS_ULR: 'x' }).output).toMatch(/SLUICE_REDIS_ULR/);
    const badPort = sluice(['start', '--port', 'eighty']);
    expect(badPort.status).not.toBe(0);
    expect(badPort.output).toMatch(/port/);
  });

  it('[ST-4] a cluster process without a key refuses to start and says what to write', () => {
    const file = join(directory, 'keyless.yaml');
    writeFileSync(file, api('    routes: {}\n'));
    const { status, output } = sluice(['callback', '--config', file, '--redis', 'redis://127.0.0.1:1']);
    expect(status).not.toBe(0);
    expect(output).toMatch(/auth/);
    expect(output).toMatch(/accessKeyId/);
  });

  it('[ST-5] a port in use is named, with the way out', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    const file = join(directory, 'good.yaml');
    writeFileSync(file, api('    routes: {}\n'));
    try {
      for (const args of [
        ['--port', `${port}`, '--admin-port', '0'],
        ['--port', '0', '--admin-port', `${port}`],
      ]) {
        const { status, output } = sluice(['start', '--config', file, ...args]);
        expect(status).not.toBe(0);
        expect(output).toContain(`${port}`);
        expect(output).toMatch(/in use/);
      }
    } finally {
      taken.close();
    }
  });
});
