import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { startRedis } from './redis-server.js';

function ask(port: number, line: string, waitMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${line}\r\n`));
    const finish = (answer: string | undefined) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(waitMs, () => finish(undefined));
    socket.once('error', () => finish(undefined));
    socket.once('data', (chunk) => finish(chunk.toString().trim()));
  });
}

it('starts, freezes, thaws, comes back empty on the same port, and ends', async () => {
  const redis = await startRedis();
  try {
    expect(await ask(redis.port, 'SET a 1', 2_000)).toBe('+OK');
    redis.pause();
    expect(await ask(redis.port, 'PING', 200)).toBeUndefined();
    redis.resume();
    expect(await ask(redis.port, 'EXISTS a', 2_000)).toBe(':1');
    const before = redis.pid;
    await redis.restart();
    expect(redis.pid).not.toBe(before);
    expect(await ask(redis.port, 'EXISTS a', 2_000)).toBe(':0');
  } finally {
    await redis.stop();
  }
  expect(await ask(redis.port, 'PING', 500)).toBeUndefined();
});

it('keeps its data over a restart where asked to', async () => {
  const redis = await startRedis({ appendOnly: true, args: ['--appendfsync', 'always'] });
  try {
    expect(await ask(redis.port, 'SET a 1', 2_000)).toBe('+OK');
    await redis.restart();
    expect(await ask(redis.port, 'EXISTS a', 2_000)).toBe(':1');
  } finally {
    await redis.stop();
  }
});
