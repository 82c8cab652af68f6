import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createMetrics, type Log, type LogFields, type Metrics } from '@sluice/telemetry';
import { waitFor } from '@sluice/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogSinks, type LogSinks, type LogSinksOptions } from './log-sinks.js';

let metrics: Metrics;
let warnings: { event: string; fields: LogFields | undefined }[];
let noted: { event: string; line: string; fields: LogFields | undefined }[];
let sinks: LogSinks;
let directory: string;

beforeEach(async () => {
  metrics = createMetrics();
  warnings = [];
  noted = [];
  directory = await mkdtemp(join(tmpdir(), 'sluice-logs-'));
  sinks = create();
});
afterEach(async () => {
  await sinks.close();
  await rm(directory, { recursive: true, force: true });
});

function create(options: Partial<LogSinksOptions> = {}): LogSinks {
  const log: Log = {
    debug() {},
    info: (event, line, fields) => void noted.push({ event, line, fields }),
    warn: (event, _message, fields) => void warnings.push({ event, fields }),
    error() {},
  };
  return createLogSinks({ log, metrics, timing: { flushMs: 5, retryDelayMs: 5 }, ...options });
}

async function counted(kind: string, result: string): Promise<number> {
  const { values } = await metrics.accessLogLinesTotal.get();
  return values.find(({ labels }) => labels.kind === kind && labels.result === result)?.value ?? 0;
}

describe('a file', () => {
  const read = (path: string) => readFile(path, 'utf8').catch(() => '');

  it('[SL-3] gets each line once and in order, also those that wait when it is closed', async () => {
    const path = join(directory, 'access log.txt');
    const lines = Array.from({ length: 5_000 }, (_, index) => `line ${index}`);
    const sink = sinks.open(pathToFileURL(path).href);
    for (const line of lines) sink.write(line);
    await sinks.close();
    expect(await read(path)).toBe(`${lines.join('\n')}\n`);
    expect(await counted('file', 'written')).toBe(5_000);
  });

  it('is shared by those that name it, and lives as long as one of them', async () => {
    const url = pathToFileURL(join(directory, 'shared')).href;
    const [first, second] = [sinks.open(url), sinks.open(url)];
    first.write('1');
    first.close();
    first.close();
    second.write('2');
    await waitFor('both', async () => (await read(join(directory, 'shared'))) === '1\n2\n');
  });

  it('is opened anew once it was moved away', async () => {
    const path = join(directory, 'a');
    const sink = sinks.open(pathToFileURL(path).href);
    sink.write('old');
    await waitFor('the first line', async () => (await read(path)) === 'old\n');
    await rename(path, join(directory, 'a.1'));
    sinks.reopen();
    sink.write('new');
    await waitFor('the new file', async () => (await read(path)) === 'new\n');
    expect(await read(join(directory, 'a.1'))).toBe('old\n');
    await rename(path, join(directory, 'a.2'));
    await waitFor('the rotation to be noticed', async () => {
      sink.write('again');
      return (await read(path)).startsWith('again\n');
    });
  });

  it('that cannot be written costs its lines, one warning and nothing else', async () => {
    const sink = sinks.open(pathToFileURL(join(directory, 'absent', 'x')).href);
    const broken = sinks.open('file://other-host/x');
    for (let round = 0; round < 3; round++) {
      sink.write('lost');
      broken.write('lost');
      await waitFor('the loss', async () => (await counted('file', 'failed')) >= 2 * (round + 1));
    }
    expect(warnings.map(({ event }) => event)).toEqual(['logs.sink_failed', 'logs.sink_failed']);
  });
});

describe('an http address', () => {
  let server: Server;
  let url: string;
  let bodies: string[];
  let answer: (request: IncomingMessage, response: ServerResponse) => void;

  beforeEach(async () => {
    bodies = [];
    answer = (_, response) => response.writeHead(204).end();
    server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (piece: string) => {
        body += piece;
      });
      request.on('end', () => {
        bodies.push(body);
        answer(request, response);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/in?token=secret`;
  });
  afterEach(async () => {
    await sinks.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('[SL-3] gets newline-delimited JSON in batches', async () => {
    let contentType: string | undefined;
    answer = (request, response) => {
      contentType = request.headers['content-type'];
      response.writeHead(200).end('ok');
    };
    const sink = sinks.open(url);
    for (const line of ['{"a":1}', 'plain "text"', '{"broken"']) sink.write(line);
    await waitFor('the batch', () => bodies.length === 1);
    expect(contentType).toBe('application/x-ndjson');
    const lines = (bodies[0] ?? '')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(lines).toEqual([{ a: 1 }, { message: 'plain "text"' }, { message: '{"broken"' }]);
    await waitFor('the count', async () => (await counted('http', 'written')) === 3);
  });

  it.each(['http://me:hunter2@127.0.0.1:1/?key=hunter2', 'http://[::/?key=hunter2'])(
    'that nothing can be posted to loses its lines at once, and no log shows it: %s',
    async (address) => {
      sinks.open(address).write('line');
      await waitFor('the loss', async () => (await counted('http', 'failed')) === 1);
      expect(warnings.map(({ event }) => event)).toEqual(['logs.sink_failed']);
      expect(JSON.stringify(warnings)).not.toContain('hunter2');
    },
  );

  it('is tried again after 5xx and 429, then its lines are lost; another refusal loses them at once', async () => {
    const statuses = [500, 429, 200, 400];
    answer = (_, response) => response.writeHead(statuses.shift() ?? 503).end();
    const sink = sinks.open(url);
    sink.write('one');
    await waitFor('the third attempt', async () => (await counted('http', 'written')) === 1);
    sink.write('two');
    await waitFor('the refusal', async () => (await counted('http', 'failed')) === 1);
    expect(bodies).toHaveLength(4);
    sink.write('three');
    await waitFor('the last attempt', async () => (await counted('http', 'failed')) === 2);
    expect(bodies).toHaveLength(9);
    expect(warnings).toHaveLength(1);
    expect(JSON.stringify(warnings)).not.toContain('secret');
  });

  it('does not follow redirects', async () => {
    answer = (_, response) => response.writeHead(307, { location: '/elsewhere' }).end();
    sinks.open(url).write('x');
    await waitFor('the loss', async () => (await counted('http', 'failed')) === 1);
    expect(bodies).toHaveLength(1);
  });

  it('that hangs holds a bounded number of bytes, and no closing process', async () => {
    answer = () => {};
    sinks = create({ timing: { flushMs: 1, closeMs: 100, queuedBytesMax: 10_000 } });
    const sink = sinks.open(url);
    sink.write('first');
    await waitFor('the request', () => bodies.length === 1);
    for (let i = 0; i < 1_000; i++) sink.write('x'.repeat(50));
    expect(await counted('http', 'dropped')).toBe(900);
    const started = performance.now();
    await sinks.close();
    expect(performance.now() - started).toBeLessThan(1_500);
    expect((await counted('http', 'dropped')) + (await counted('http', 'failed'))).toBe(1_001);
    sink.write('after');
    expect(await counted('http', 'dropped')).toBeGreaterThan(900);
  });
});

it('[SL-3] writes to standard output, a batch at a time, and outlives a reader that goes away', async () => {
  const written: string[] = [];
  let end: (error?: Error | null) => void = () => {};
  const stdout = {
    write(text: string, done: (error?: Error | null) => void) {
      written.push(text);
      end = done;
      return true;
    },
    on() {},
    off() {},
  };
  sinks = create({ stdout });
  const sink = sinks.open('stdout');
  sink.write('a');
  sink.write('b');
  await waitFor('the first batch', () => written.length === 1);
  sink.write('c');
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(written).toEqual(['a\nb\n']);
  end();
  await waitFor('the second batch', () => written.length === 2);
  end(new Error('EPIPE'));
  await waitFor('the loss', async () => (await counted('stdout', 'failed')) === 1);
  expect(await counted('stdout', 'written')).toBe(2);
});

it('[SL-3] sends lines for any other ARN to the process log, under the name of the log group', () => {
  const name = (arn: string) => {
    sinks.open(arn).write('line');
    return noted.at(-1);
  };
  const group = { event: 'logs.access', line: 'line', fields: { destination: 'my/group' } };
  expect(name('arn:aws:logs:us-east-1:000000000000:log-group:my/group:*')).toEqual(group);
  expect(name('arn:aws:logs:us-east-1:000000000000:log-group:my/group')).toEqual(group);
  expect(name('arn:aws:firehose:x')?.fields).toEqual({ destination: 'arn:aws:firehose:x' });
});
