import { connect } from 'node:net';

const answerTimeoutMs = 5_000;

export interface RedisFacts {
  usedMemoryBytes: number;
  version: string;
  /** Calls of each command since the server started. */
  calls: Record<string, number>;
}

/** What a Redis says about itself in INFO, command statistics included. */
export function readRedisFacts(port: number): Promise<RedisFacts> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('INFO all\r\n'));
    let text = '';
    const fail = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(answerTimeoutMs, () => fail(new Error('Redis did not answer INFO')));
    socket.once('error', fail);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const head = /^\$(\d+)\r\n/.exec(text);
      if (head === null || text.length < head[0].length + Number(head[1]) + 2) return;
      socket.destroy();
      const usedMemory = /^used_memory:(\d+)/m.exec(text)?.[1];
      const version = /^redis_version:(\S+)/m.exec(text)?.[1];
      if (usedMemory === undefined || version === undefined) fail(new Error('INFO lacks used_memory'));
      else resolve({ usedMemoryBytes: Number(usedMemory), version, calls: readCalls(text) });
    });
  });
}

function readCalls(info: string): Record<string, number> {
  const found = info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm);
  return Object.fromEntries([...found].map(([, command, calls]) => [command, Number(calls)]));
}
