import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type BackEnd, type Cluster, connectClient, startBackEnd, startCluster, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatConfig } from './chat-config.js';

const command = fileURLToPath(new URL('../packages/cli/bin/sluice.js', import.meta.url));

describe('a poisonous entry on the frame stream', () => {
  let backEnd: BackEnd;
  let cluster: Cluster;

  beforeAll(async () => {
    backEnd = await startBackEnd();
    cluster = await startCluster({ config: chatConfig(backEnd.url), roles: ['edge', 'router'] });
  });
  afterAll(async () => {
    await cluster?.stop();
    await backEnd?.stop();
  });

  const redis = (...args: string[]) =>
    spawnSync('redis-cli', ['-p', `${cluster.redis.port}`, ...args], { encoding: 'utf8' }).stdout.trim();
  const deadLetters = (...args: string[]) =>
    spawnSync(process.execPath, [command, 'dead-letters', ...args, '--redis', cluster.redis.url], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] },
      timeout: 20_000,
    });

  it('[PR-7] goes to the dead-letter stream, where it can be listed and redriven; the stream goes on', async () => {
    const stream = redis('--scan', '--pattern', '*frames*')
      .split('\n')
      .find((key) => redis('TYPE', key) === 'stream' && !key.includes('dead'));
    expect(stream).toBeDefined();
    redis('XADD', stream as string, '*', 'b', 'this is no batch');
    const client = await connectClient(`ws://127.0.0.1:${cluster.the('edge').port}/chat/dev`);
    client.send({ action: 'canned' });
    expect(await client.next()).toBe('{"canned":true}');

    const listed = await waitFor('the dead letter', () => {
      const run = deadLetters('list', '--json');
      expect(run.stderr).toBe('');
      const letters = JSON.parse(run.stdout) as { id: string; reason: string; deliveryCount: number }[];
      return letters.length > 0 ? letters : undefined;
    });
    expect(listed.length).toBe(1);
    expect(listed[0]?.reason).not.toBe('');
    expect(await cluster.the('router').metric('sluice_dead_letters_total')).toBe(1);

    // Redriven it is as poisonous as before, and comes back.
    const redriven = deadLetters('redrive', listed[0]?.id as string, '--json');
    expect(redriven.status).toBe(0);
    await waitFor(
      'it to be dead again',
      async () => (await cluster.the('router').metric('sluice_dead_letters_total')) === 2,
      15_000,
    );
    client.send({ action: 'canned' });
    expect(await client.next()).toBe('{"canned":true}');
    await client.close();
  });
});
