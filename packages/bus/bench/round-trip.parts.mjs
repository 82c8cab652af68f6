import { createRedisBus } from '@sluice/bus';
import { newConnectionId, newRequestId } from '@sluice/contracts';
import { createMetrics } from '@sluice/telemetry';

const ignore = () => {};

/** Runs one side of the round trip and answers `sample` messages with its CPU time. */
export async function createBusBenchParts(role) {
  const { BENCH_URL: url, BENCH_INFLIGHT, BENCH_BODY } = process.env;
  const telemetry = {
    metrics: createMetrics(),
    log: { debug: ignore, info: ignore, warn: console.warn, error: console.error },
    tracing: { enabled: false, startSpan: () => ({ traceparent: undefined, setAttribute: ignore, end: ignore }) },
  };
  const settings = { mode: 'standalone', url, nodes: [], sentinelName: '', keyPrefix: 'bench', shards: 1 };
  const bus = createRedisBus({ settings, role, telemetry });
  while (!bus.available) await new Promise((resolve) => setTimeout(resolve, 10));
  const state = role === 'edge' ? await runEdge(bus, Number(BENCH_INFLIGHT), Number(BENCH_BODY)) : await runRouter(bus);
  process.on('message', async () => {
    const { user, system } = process.cpuUsage();
    const appends = (await telemetry.metrics.streamAppendsTotal.get()).values.reduce(
      (sum, { value }) => sum + value,
      0,
    );
    process.send({ cpu: user + system, appends, ...state() });
  });
  // An orderly end, so that --cpu-prof writes its file.
  process.on('SIGTERM', () => process.exit(0));
  process.send('ready');
}

async function runEdge(bus, inflight, bodyBytes) {
  let count = 0;
  const body = Buffer.alloc(bodyBytes, 'x');
  const latencies = [];
  const context = JSON.stringify({
    connectedAtMs: Date.now(),
    sourceIp: '127.0.0.1',
    userAgent: 'bench',
    domainName: 'localhost:8080',
  });
  const producer = bus.openProducer('e1');
  const started = new Map();
  const append = (connectionId) => {
    if (started.size < 5_000 && count % 50 === 0) started.set(connectionId, performance.now());
    producer.append({
      kind: 'MESSAGE',
      scope: 'chat/dev',
      connectionId,
      requestId: newRequestId(),
      messageId: newRequestId(),
      timeMs: Date.now(),
      connectionContext: context,
      traceparent: undefined,
      body,
    });
  };
  await bus.openInbox('e1', {
    onCommands(commands) {
      for (const command of commands) {
        count++;
        const startedMs = started.get(command.connectionId);
        if (startedMs !== undefined) {
          started.delete(command.connectionId);
          if (latencies.length < 100_000) latencies.push(performance.now() - startedMs);
        }
        append(command.connectionId);
      }
    },
    onLost() {
      throw new Error('the inbox was lost');
    },
  });
  for (let i = 0; i < inflight; i++) append(newConnectionId(1));
  return () => {
    const sorted = latencies.splice(0).sort((a, b) => a - b);
    return {
      count,
      p50: sorted[Math.floor(sorted.length * 0.5)] ?? 0,
      p99: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
    };
  };
}

async function runRouter(bus) {
  await bus.consume((delivery) => {
    bus.send(delivery.from, {
      kind: 'REPLY',
      connectionId: delivery.envelope.connectionId,
      body: delivery.envelope.body,
    });
    delivery.done();
  });
  return () => ({});
}
