import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import { type Cluster, connectClient, freePort, startCluster } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const command = fileURLToPath(new URL('../packages/cli/bin/sluice.js', import.meta.url));
const apiFile = fileURLToPath(new URL('../deploy/helm/sluice/files/self-test-api.yaml', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sluice-self-test-'));

// As the chart's secret has it.
const allow = ['arn:aws:execute-api:*:*:sluice-self-test/*'];
const testerKey = { accessKeyId: 'SELFTEST', secretAccessKey: 'pl4nted-tester-secret', allow };
const othersKey = {
  accessKeyId: 'BACKEND',
  secretAccessKey: 'pl4nted-other-secret',
  allow: ['arn:aws:execute-api:*:*:chat/*'],
};
const pong = {
  integrationType: 'MOCK',
  requestTemplates: { $default: '{"statusCode":200}' },
  integrationResponses: { $default: { responseTemplates: { $default: '$context.connectionId' } } },
};
const { apis } = parse(readFileSync(apiFile, 'utf8')) as { apis: object };
const config = {
  apis: { chat: { routes: { $default: { integration: pong, routeResponse: true } }, stages: { dev: {} } }, ...apis },
  auth: { keys: [testerKey, othersKey] },
};

interface Report {
  ok: boolean;
  ms: number;
  steps: { name: string; ok: boolean; ms: number; detail: string; wayOut?: string }[];
}

async function run(args: string[]) {
  const child = spawn(process.execPath, [command, 'self-test', ...args], {
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: folder,
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return { out, err, code };
}

const keysFile = (name: string, keys: object[]) => {
  const file = join(folder, name);
  writeFileSync(file, JSON.stringify(keys));
  return file;
};

describe('sluice self-test', () => {
  let cluster: Cluster;
  let urls: string[];

  beforeAll(async () => {
    cluster = await startCluster({ config });
    const { edge, callback } = { edge: cluster.the('edge').port, callback: cluster.the('callback').port };
    urls = ['--edge-url', `ws://127.0.0.1:${edge}`, '--callback-url', `http://127.0.0.1:${callback}/`];
  });
  afterAll(async () => {
    await cluster?.stop();
    rmSync(folder, { recursive: true });
  });

  it('goes through a cluster as client and back end, and says how long each step took', async () => {
    const keys = keysFile('keys.json', [othersKey, testerKey]);
    const { out, err, code } = await run([...urls, '--auth-keys-file', keys]);
    expect({ code, err }, out).toEqual({ code: 0, err: '' });
    const names = ['connect', 'echo', 'post', 'receive', 'get', 'close', 'gone'];
    for (const name of names) expect(out).toMatch(new RegExp(`^ {2}ok {4}${name} +\\d+ ms {2}\\S`, 'm'));
    expect(out).toContain('signed by SELFTEST');
    expect(out).not.toContain('pl4nted');
    const json = await run([...urls, '--auth-keys-file', keys, '--json']);
    const report = JSON.parse(json.out) as Report;
    expect(report.ok).toBe(true);
    expect(report.steps.map(({ name }) => name)).toEqual(names);
  });

  it('[CN-103] [CN-104] its API leaves /{stage} to the only other one, @connections included', async () => {
    const client = await connectClient(`ws://127.0.0.1:${cluster.the('edge').port}/dev`);
    client.send('{}');
    const ConnectionId = await client.next();
    for (const role of ['edge', 'callback'] as const) {
      const backEnd = new ApiGatewayManagementApiClient({
        endpoint: `http://127.0.0.1:${cluster.the(role).port}/dev`,
        region: 'us-east-1',
        credentials: { ...othersKey },
      });
      await backEnd.send(new PostToConnectionCommand({ ConnectionId, Data: role }));
      expect(await client.next()).toBe(role);
    }
    await client.close();
    await expect(connectClient(`ws://127.0.0.1:${cluster.the('edge').port}/test`)).rejects.toThrow('403');
  });

  it('fails at the handshake without the key, and says what is missing', async () => {
    const { out, code } = await run([...urls, '--json']);
    const { ok, steps } = JSON.parse(out) as Report;
    expect({ ok, code }).toEqual({ ok: false, code: 1 });
    expect(steps).toHaveLength(1);
    expect(steps[0]).toMatchObject({ name: 'connect', ok: false });
    expect(steps[0]?.detail).toContain('refused with 403');
    expect(steps[0]?.wayOut).toContain('--auth-keys-file');
  });

  it('fails at the handshake with another secret', async () => {
    const keys = keysFile('wrong.json', [{ ...testerKey, secretAccessKey: 'another' }]);
    const { out, code } = await run([...urls, '--auth-keys-file', keys]);
    expect(code).toBe(1);
    expect(out).toMatch(/FAIL {2}connect .*refused with 403/);
  });

  it('begins nothing where no key may use the API, or an address is none', async () => {
    const keys = keysFile('others.json', [othersKey]);
    const { err, code } = await run([...urls, '--auth-keys-file', keys]);
    expect(code).toBe(2);
    expect(err).toContain('allow: ["arn:aws:execute-api:*:*:sluice-self-test/*"]');
    const wrong = await run(['--edge-url', 'http://127.0.0.1', '--callback-url', 'http://127.0.0.1']);
    expect(wrong.code).toBe(2);
    expect(wrong.err).toContain('--edge-url: is "http://127.0.0.1"; allowed: ws://host:port');
  });

  it('fails at the post where no callback service listens', async () => {
    const keys = keysFile('tester.json', [testerKey]);
    const [edgeFlag = '', edgeUrl = ''] = urls;
    const callbackUrl = `http://127.0.0.1:${await freePort()}`;
    const { out, code } = await run([edgeFlag, edgeUrl, '--callback-url', callbackUrl, '--auth-keys-file', keys]);
    expect(code).toBe(1);
    expect(out).toMatch(/ok {4}echo/);
    expect(out).toMatch(/FAIL {2}post .*ECONNREFUSED/);
    expect(out).toContain('Is --callback-url the Service of the callback process');
  });

  it('ends within its time where nobody answers: with the only router gone, at the handshake', async () => {
    await cluster.the('router').kill();
    const keys = keysFile('tester.json', [testerKey]);
    const { out, code } = await run([...urls, '--auth-keys-file', keys, '--timeout-ms', '3000', '--json']);
    const { steps, ms } = JSON.parse(out) as Report;
    expect(code).toBe(1);
    expect(steps).toHaveLength(1);
    expect(steps[0]).toMatchObject({ name: 'connect', ok: false });
    expect(ms).toBeLessThan(10_000);
  });
});
