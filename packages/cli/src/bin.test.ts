import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { freePort, nodeFlagsOf, waitFor } from '@sluice/testkit';
import { afterEach, describe, expect, it } from 'vitest';

const command = fileURLToPath(new URL('../bin/sluice.js', import.meta.url));

/** Holds the loading of the command's modules up, and says so. */
const slowLoading = `data:text/javascript,${encodeURIComponent(`
  import { register } from 'node:module';
  register('data:text/javascript,' + encodeURIComponent(\`
    import { writeSync } from 'node:fs';
    export async function load(url, context, next) {
      if (!url.endsWith('/cli/dist/index.js')) return next(url, context);
      writeSync(1, 'loading');
      await new Promise((resolve) => setTimeout(resolve, 60000));
      return next(url, context);
    }\`));
`)}`;

describe('bin/sluice.js', () => {
  let child: ChildProcess | undefined;
  afterEach(() => void child?.kill('SIGKILL'));

  function start(args: string[], options: { flags?: string[]; env?: Record<string, string> } = {}) {
    const { flags = [], env = {} } = options;
    const started = spawn(process.execPath, [...flags, command, ...args], {
      env: { PATH: process.env['PATH'], ...env },
    });
    child = started;
    let output = '';
    started.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
      started.once('exit', (code, signal) => resolve({ code, signal })),
    );
    return { started, exited, output: () => output };
  }

  it('runs by its own first line, which keeps the young generation from shrinking', () => {
    expect(nodeFlagsOf(command)).toEqual(['--max-semi-space-size=32', '--min-semi-space-size=16']);
    expect(execFileSync(command, ['--version'], { encoding: 'utf8' })).toMatch(/^\d+\.\d+\.\d+\n$/);
  }, 60_000);

  it.each([
    ['edge', 'SIGTERM', 0],
    ['check', 'SIGTERM', 143],
    ['router', 'SIGINT', 130],
  ] as const)(
    '%s: %s while modules load ends it at once, with %i',
    async (name, signal, code) => {
      const { started, exited, output } = start([name], { flags: ['--no-warnings', '--import', slowLoading] });
      await waitFor('the loading', () => output().includes('loading'), 40_000);
      started.kill(signal);
      expect(await exited).toEqual({ code, signal: null });
    },
    60_000,
  );

  it('SIGTERM while the process waits for Redis ends it with 0; NODE_OPTIONS of the environment count', async () => {
    const redis = `redis://127.0.0.1:${await freePort()}`;
    const config = fileURLToPath(new URL('../../../deploy/helm/sluice/files/self-test-api.yaml', import.meta.url));
    const { started, exited, output } = start(['router', '--config', config, '--redis', redis, '--admin-port', '0'], {
      env: { NODE_OPTIONS: '--max-old-space-size=200' },
    });
    await waitFor('the admin port', () => output().includes('admin.listening'), 40_000);
    const [, heap = '0'] = /"heap_bytes_max":(\d+)/.exec(output()) ?? [];
    const mebibytes = Number(heap) / 1024 ** 2;
    // What V8 counts holds some space for the young generation too.
    expect(mebibytes).toBeGreaterThan(199);
    expect(mebibytes).toBeLessThan(400);
    started.kill('SIGTERM');
    expect(await exited).toEqual({ code: 0, signal: null });
  }, 60_000);
});
