import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectClient, refusedHandshake, testKey, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { functionUri } from './fake-functions.js';
import { type Gateway, gatewayKinds } from './gateway-kinds.js';
import { frontCertificate, startTlsFront, type TlsFront } from './tls-front.js';

const runtimeFile = fileURLToPath(new URL('aws-functions/runtime.mjs', import.meta.url));

/** The handlers of `aws-functions`, as deployed to AWS: what they know of the gateway is in their events. */
describe.each(gatewayKinds)('functions written for AWS, unchanged (%s)', (_kind, start) => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-functions-'));
  let runtime: ChildProcess;
  let errors = '';
  let gateway: Gateway;
  let front: TlsFront;

  beforeAll(async () => {
    const ca = join(directory, 'ca.pem');
    writeFileSync(ca, frontCertificate);
    // What the Lambda service puts into the environment, and a certificate authority of this test.
    runtime = spawn(process.execPath, [runtimeFile], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: testKey.accessKeyId,
        AWS_SECRET_ACCESS_KEY: testKey.secretAccessKey,
        NODE_EXTRA_CA_CERTS: ca,
        NODE_NO_WARNINGS: '1',
      },
    });
    runtime.stderr?.on('data', (chunk) => {
      errors += chunk;
    });
    const [line] = runtime.stdout === null ? [''] : await once(runtime.stdout, 'data');
    const route = (name: string) => [name, { integrationType: 'AWS_PROXY', integrationUri: functionUri(name) }];
    gateway = await start({
      lambda: { endpoint: `http://127.0.0.1:${Number(line)}` },
      apis: {
        chat: {
          routeSelectionExpression: '$request.body.action',
          integrations: Object.fromEntries(['connect', 'disconnect', 'default', 'sendmessage'].map(route)),
          routes: { $connect: 'connect', $disconnect: 'disconnect', $default: 'default', sendmessage: 'sendmessage' },
          stages: { dev: {} },
        },
      },
    });
    front = await startTlsFront(gateway.edge.port);
  });
  afterAll(async () => {
    await front?.stop();
    await gateway?.stop();
    runtime?.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });

  const address = (query = '') => `wss://localhost:${front.port}/dev${query}`;
  const enter = () => connectClient(address(), { ca: frontCertificate });

  it('[CL-1] a chat: each message reaches all others through the address that its event names', async () => {
    const [ada, bob, cyd] = [await enter(), await enter(), await enter()];
    ada.send({ action: 'sendmessage', message: 'hello, all ✓' });
    expect([await bob.next(), await cyd.next()]).toEqual(['hello, all ✓', 'hello, all ✓']);
    await cyd.close();
    bob.send({ action: 'sendmessage', message: 'hello, Ada' });
    expect(await ada.next()).toBe('hello, Ada');
    bob.send('what can I say?');
    expect(JSON.parse(await bob.next())).toMatchObject({ yourIp: '127.0.0.1' });
    expect(ada.messages).toEqual(['hello, Ada']);
    await Promise.all([ada.close(), bob.close()]);
    expect(errors).toBe('');
  });

  it('a handler that throws is an error frame to its client and to nobody else; one that refuses keeps the client out', async () => {
    const [ada, bob] = [await enter(), await enter()];
    ada.send({ action: 'sendmessage', message: 7 });
    expect(JSON.parse(await ada.next())).toMatchObject({ message: 'Internal server error' });
    ada.send({ action: 'sendmessage', message: 'seven' });
    await waitFor('the next message', () => bob.messages.length > 0);
    expect(bob.messages).toEqual(['seven']);
    const refused = await refusedHandshake(address('?name=nobody'), { ca: frontCertificate });
    expect(refused.status).toBe(403);
    await Promise.all([ada.close(), bob.close()]);
  });
});
