import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectClient, freePort, refusedHandshake, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What the example's page tells people to type, against what its one command runs. */
describe('examples/lambda', () => {
  let [port, adminPort] = [0, 0];
  let started: ChildProcess;
  let output = '';

  beforeAll(async () => {
    [port, adminPort] = [await freePort(), await freePort()];
    const args = ['--port', `${port}`, '--admin-port', `${adminPort}`];
    started = spawn(process.execPath, [join(root, 'examples', 'lambda', 'run.mjs'), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], FUNCTIONS_PORT: '0' },
    });
    for (const stream of [started.stdout, started.stderr]) {
      stream?.on('data', (chunk) => {
        output += chunk;
      });
    }
    const isReady = () =>
      fetch(`http://127.0.0.1:${adminPort}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    await waitFor('the gateway', isReady, 40_000).catch((error: Error) => {
      throw new Error(`${error.message}\n${output}`);
    });
  });
  afterAll(async () => {
    if (started.exitCode !== null) return;
    const exited = new Promise((resolve) => started.once('exit', resolve));
    started.kill('SIGTERM');
    await exited;
  });

  const address = (ticket: string) => `ws://127.0.0.1:${port}/dev?ticket=${ticket}`;

  it('[RS-13] runs functions, an authorizer, a model, templates and a throttle; a reply and a push answer one message', async () => {
    const client = await connectClient(address('gold'));
    const answered = async (message: object, pattern: RegExp) => {
      client.send(message);
      expect(await client.next()).toMatch(pattern);
    };
    await answered({ action: 'placeOrder', item: 'tea', count: 2 }, /^\{"type":"ordered",.*"tenant":"acme"\}$/);
    expect(await client.next()).toMatch(/^\{"type":"shipped","order":\d+\}$/);
    await answered({ action: 'placeOrder', item: 'tea', count: 0 }, /^\{"message": "Invalid request body", /);
    await answered({ action: 'price', item: 'coffee' }, /^\{ "type": "price", "price": "5 EUR", "for": "acme" \}$/);
    await answered({ action: 'price', item: 'milk' }, /^\{ "type": "noPrice", "why": "Unknown item milk" \}$/);
    for (let turn = 1; turn <= 3; turn++) await answered({ action: 'ping' }, /^\{ "type": "pong", "at": \d+ \}$/);
    await answered({ action: 'ping' }, /^\{"message": "Too Many Requests", /);
    await client.close();
    await waitFor('the end in the log', () => /DISCONNECT \S+ of acme/.test(output), 5_000);
    const routes = () =>
      output
        .split('\n')
        .filter((line) => line.startsWith('{"requestId"'))
        .map((line) => (JSON.parse(line) as { route: string }).route);
    await waitFor('the last line of the access log', () => routes().includes('$disconnect'), 5_000);
    expect(new Set(routes())).toEqual(
      new Set(['$connect', 'placeOrder', 'price', 'ping', 'POST /@connections/{connectionId}', '$disconnect']),
    );
  });

  it('lets nobody in without a good ticket', async () => {
    expect((await refusedHandshake(address('bad'))).status).toBe(401);
    expect((await refusedHandshake(`ws://127.0.0.1:${port}/dev`)).status).toBe(401);
  });
});
