// KB per idle connection: an edge with full state (memory bus and store) in this process, the clients in another, because a
// process may hold 20,000 descriptors and a client's memory is not the edge's. Usage, after `tsc -b services/edge`:
//   node --expose-gc services/edge/bench/idle-memory.mjs [connections=15000]
import { fork } from 'node:child_process';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';

const count = Number(process.argv[2] ?? 15_000);
if (process.send !== undefined) await holdClients(Number(process.argv[3]));
else await measure();

async function measure() {
  const { createMemoryBus } = await import('@sluice/bus');
  const { createMemoryConnectionStore } = await import('@sluice/connections');
  const { defaultApiLimits } = await import('@sluice/contracts');
  const { createMemoryDefinitionStore } = await import('@sluice/definitions');
  const { createTelemetry } = await import('@sluice/telemetry');
  const { createEdge, edgeSettings } = await import('@sluice/edge');
  const telemetry = createTelemetry({ role: 'edge', logLevel: 'silent' });
  const api = {
    apiId: 'chat',
    name: 'chat',
    routeSelectionExpression: '$request.body.action',
    isDefault: true,
    disableExecuteApiEndpoint: false,
    limits: defaultApiLimits,
    routes: {},
    integrations: {},
    stages: { dev: { stageName: 'dev', stageVariables: {} } },
  };
  const edge = createEdge({
    bus: createMemoryBus({ telemetry }),
    // The store's own records are not the edge's memory in a cluster; they are a map entry each here.
    connections: createMemoryConnectionStore(),
    definitions: createMemoryDefinitionStore([api]),
    telemetry,
    settings: edgeSettings({ port: 0, maxConnections: count + 1_000, handshakesPerSecond: 1e6, handshakesBurst: 1e6 }),
  });
  const { port } = await edge.start();
  const clients = fork(fileURLToPath(import.meta.url), [String(count), String(port)]);
  await said(clients, 'warm');
  const before = await rss();
  clients.send('go');
  await said(clients, 'open');
  const cpu = process.cpuUsage();
  const after = await rss(3_000);
  const idle = process.cpuUsage(cpu);
  const perConnection = (after.rss - before.rss) / (edge.socketCount - 100);
  console.log(`${edge.socketCount} idle connections: ${(perConnection / 1024).toFixed(2)} KB RSS each`);
  console.log(`of it JavaScript heap ${((after.heap - before.heap) / (edge.socketCount - 100)).toFixed(0)} bytes each`);
  console.log(
    `CPU while idle (3 s, collections included): ${((idle.user + idle.system) / 3 / edge.socketCount).toFixed(2)} µs/s each`,
  );
  clients.kill();
  process.exit(0);
}

async function rss(waitMs = 500) {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  await new Promise((resolve) => setTimeout(resolve, waitMs));
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heap: heapUsed };
}

function said(child, what) {
  return new Promise((resolve, reject) => {
    child.on('message', (message) => message === what && resolve());
    child.once('exit', () => reject(new Error('the clients ended')));
  });
}

async function holdClients(port) {
  const request =
    'GET /dev HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nUser-Agent: bench-client/1.0\r\n' +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';
  const open = () =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(request));
      socket.once('data', (data) => (data.includes('101') ? resolve(socket) : reject(new Error(String(data)))));
      socket.on('error', reject);
    });
  const hold = [];
  const openMany = async (wanted) => {
    for (let done = 0; done < wanted; done += 50) {
      hold.push(...(await Promise.all(Array.from({ length: Math.min(50, wanted - done) }, open))));
    }
  };
  // The first hundred pay for code, metric children and the library's buffers.
  await openMany(100);
  process.send('warm');
  process.once('message', async () => {
    await openMany(count);
    process.send('open');
  });
}
