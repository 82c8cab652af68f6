import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BackEnd, type Cluster, connectClient, startBackEnd, startCluster, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatConfig } from './chat-config.js';

const directory = mkdtempSync(join(tmpdir(), 'sluice-dead-letters-'));
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
    rmSync(directory, { recursive: true });
  });

  const redis = (...args: string[]) =>
    spawnSync('redis-cli', ['-p', `${cluster.redis.port}`, ...args], { encoding: 'utf8' }).stdout.trim();
  const deadLetters = (...args: string[]) =>
    spawnSync(process.execPath, [command, 'dead-letters', ...args, '--redis', cluster.redis.url], {
      encoding: 'utf8',
      // No sluice.yaml is here: flags are enough.
      cwd: directory,
      env: { PATH: process.env['PATH'] },
      timeout: 20_000,
    });
  const lettersOf = (output: string) =>
    output
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown> & { id: string });

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
      const letters = lettersOf(run.stdout);
      return letters.length > 0 ? letters : undefined;
    });
    expect(listed).toEqual([
      {
        id: expect.stringMatching(/^\d+-\d+:/),
        reason: expect.stringMatching(/./),
        deadAtMs: expect.any(Number),
        deadAt: new Date(Number(listed[0]?.['deadAtMs'])).toISOString(),
        deliveryCount: expect.any(Number),
        originalId: expect.stringMatching(/^\d+-\d+/),
        rawBase64: Buffer.from('this is no batch').toString('base64'),
      },
    ]);
    const [id = ''] = listed.map((letter) => letter.id);
    const table = deadLetters('list').stdout.split('\n');
    expect(table).toEqual([
      expect.stringMatching(/^\S+ {2}\S+Z {2}.+ {2}undecodable {2}delivered \d+ times$/),
      '1 of 1 dead letters',
      '',
    ]);
    expect(table[0]?.startsWith(`${id}  ${listed[0]?.['deadAt']}  ${listed[0]?.['reason']}  `)).toBe(true);
    expect(await cluster.the('router').metric('sluice_dead_letters_total')).toBe(1);

    // Redriven it is as poisonous as before, and comes back.
    const redriven = deadLetters('redrive', id, '--json');
    expect([redriven.stderr, redriven.stdout, redriven.status]).toEqual(['', '{"redriven":1}\n', 0]);
    await waitFor(
      'it to be dead again',
      async () => (await cluster.the('router').metric('sluice_dead_letters_total')) === 2,
      15_000,
    );
    client.send({ action: 'canned' });
    expect(await client.next()).toBe('{"canned":true}');
    await client.close();
    const again = lettersOf(deadLetters('list', '--json').stdout);
    expect(again.map((letter) => [letter['rawBase64'], letter.id === id])).toEqual([[listed[0]?.['rawBase64'], false]]);
    // The same as a background job, which a router takes.
    expect(deadLetters('redrive', '--all', '--background').stdout).toBe(
      'queued: a router puts them on the stream again\n',
    );
    await waitFor(
      'it to be dead a third time',
      async () => (await cluster.the('router').metric('sluice_dead_letters_total')) === 3,
      15_000,
    );
    // An id that has gone moves nothing.
    expect(deadLetters('redrive', id).stdout).toBe('0 dead letters are on the stream again\n');
  });
});
