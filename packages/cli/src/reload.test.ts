import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadSettings } from '@sluice/config';
import { limits } from '@sluice/contracts';
import { expressionCheckers, type LiveSettings, type RunningProcess } from '@sluice/standalone';
import { createTelemetry } from '@sluice/telemetry';
import { waitFor } from '@sluice/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Reloader } from './reload.js';

const yamlOf = (route: string, keysFile = 'keys.yaml') => `
apis:
  chat:
    integrations: { canned: { integrationType: MOCK, requestTemplates: { $default: '{"statusCode":200}' } } }
    routes: { ${route}: canned }
    stages: { dev: }
auth: { keysFile: ${keysFile} }
`;
const keysOf = (id: string) => `[{ accessKeyId: ${id}, secretAccessKey: sk, allow: ["*"] }]\n`;

describe('the watch of the configuration', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-reload-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const write = (files: Record<string, string>) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  };

  /** A process that runs with what is there. `read` is told of each file that has just been read, its reader being amid the others. */
  function run(read: (name: string) => void) {
    const taken: string[] = [];
    const events: string[] = [];
    const telemetry = createTelemetry({
      role: 'standalone',
      logLevel: 'info',
      logDestination: { write: (line) => void events.push((JSON.parse(line) as { event: string }).event) },
    });
    const running: RunningProcess = {
      telemetry,
      addresses: { admin: { host: '', port: 0 }, edge: undefined, callback: undefined },
      stop: async () => undefined,
      reopenLogs: () => undefined,
      takeOver: ({ apis, accessKeys }: LiveSettings) =>
        void taken.push([...Object.keys(apis[0]?.routes ?? {}), ...accessKeys.map((key) => key.accessKeyId)].join()),
    };
    const reloader = new Reloader((onFileRead) =>
      loadSettings({
        command: 'start',
        cwd: directory,
        env: {},
        flags: {},
        checkers: expressionCheckers,
        onFileRead(path, text) {
          onFileRead(path, text);
          read(basename(path));
        },
      }),
    );
    const settings = reloader.load();
    reloader.started(running, settings);
    return { taken, events };
  }

  it('takes no mixture where all files change while they are read', async () => {
    write({ 'sluice.yaml': yamlOf('one'), 'keys.yaml': keysOf('k1') });
    let reads = 0;
    const { taken, events } = run((name) => {
      if (name === 'sluice.yaml' && ++reads === 2) write({ 'sluice.yaml': yamlOf('three'), 'keys.yaml': keysOf('k3') });
    });
    write({ 'sluice.yaml': yamlOf('two') });
    await waitFor('the change', () => taken.length > 0, 15_000);
    expect(taken).toEqual(['three,k3']);
    expect(events).not.toContain('config.refused');
  });

  it('refuses nothing that was only half-written when it was read', async () => {
    write({ 'sluice.yaml': yamlOf('one'), 'keys.yaml': keysOf('k1') });
    let reads = 0;
    const { taken, events } = run((name) => {
      if (name !== 'sluice.yaml' || ++reads !== 2) return;
      write({ 'keys.yaml': '[{ accessKeyId: half' });
      setTimeout(() => write({ 'keys.yaml': keysOf('k2') }), 100);
    });
    write({ 'sluice.yaml': yamlOf('two') });
    await waitFor('the change', () => taken.length > 0, 15_000);
    expect(taken).toEqual(['two,k2']);
    expect(events).not.toContain('config.refused');
  });

  it('waits until a file has come to rest that was not named before', async () => {
    write({ 'sluice.yaml': yamlOf('one'), 'keys.yaml': keysOf('k1') });
    const { taken } = run((name) => {
      if (name === 'other.yaml') setTimeout(() => write({ 'other.yaml': keysOf('whole') }), 100);
    });
    write({ 'other.yaml': keysOf('half'), 'sluice.yaml': yamlOf('two', 'other.yaml') });
    await waitFor('the change', () => taken.length > 0, 15_000);
    await sleep(2 * limits.configWatchIntervalMs);
    expect(taken).toEqual(['two,whole']);
  }, 40_000);

  it('sees a mistake that has come to rest, and what mends it', async () => {
    write({ 'sluice.yaml': yamlOf('one'), 'keys.yaml': keysOf('k1') });
    const { taken, events } = run(() => undefined);
    write({ 'keys.yaml': 'no list' });
    await waitFor('the refusal', () => events.includes('config.refused'), 15_000);
    write({ 'keys.yaml': keysOf('k2') });
    await waitFor('the change', () => taken.length > 0, 15_000);
    expect(taken).toEqual(['one,k2']);
  }, 40_000);
});
