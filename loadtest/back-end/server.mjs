// The back end of the load tests: answers messages with themselves and remembers what came, so that what clients saw can be
// checked against it. Plain Node, no dependency: `node loadtest/back-end/server.mjs`. README.md beside it has its paths and variables.
import { createServer } from 'node:http';
import { partsOf, RunRecord } from './run-record.mjs';
import { startSlowLink } from './slow-link.mjs';

const host = process.env.HOST || '127.0.0.1';
const port = Number(process.env.PORT || 9400);
/** A request of these load tests is far smaller; whoever sends more is not one of them. */
const bodyBytesMax = 1_048_576;
const runsMax = 100;
/** Of which the run is remembered: the oldest are forgotten, so that a soak with churn does not fill the memory. */
const connectionsMax = 500_000;

const runs = new Map();
const runOfConnection = new Map();
let faults = {};
let answered = 0;
let previousBody = '';

function recordOf(run) {
  let record = runs.get(run);
  if (record === undefined) {
    record = new RunRecord();
    runs.set(run, record);
    if (runs.size > runsMax) runs.delete(runs.keys().next().value);
  }
  return record;
}

const routes = {
  'POST /connect': ({ url, connectionId }) => {
    const run = url.searchParams.get('run') ?? 'none';
    runOfConnection.set(connectionId, run);
    if (runOfConnection.size > connectionsMax) runOfConnection.delete(runOfConnection.keys().next().value);
    recordOf(run).connect(connectionId);
    return '';
  },
  'POST /disconnect': ({ connectionId }) => {
    recordOf(runOfConnection.get(connectionId) ?? 'none').disconnect(connectionId);
    return '';
  },
  'POST /echo': ({ body }) => {
    remember(body);
    return withFaults(body);
  },
  'POST /note': ({ body }) => {
    remember(body);
    return '';
  },
  'POST /seen': ({ body }) => {
    const { ids } = JSON.parse(body);
    const isSeen = (id) => {
      const parts = partsOf(id);
      return parts !== undefined && (runs.get(parts.run)?.has(parts) ?? false);
    };
    return JSON.stringify({ seen: ids.filter(isSeen) });
  },
  'GET /stats': ({ url }) => JSON.stringify(recordOf(url.searchParams.get('run') ?? 'none').stats),
  'POST /faults': ({ body }) => {
    faults = JSON.parse(body);
    return JSON.stringify(faults);
  },
  'GET /livez': () => 'ok',
};

function remember(body) {
  const parts = partsOf(JSON.parse(body).id);
  if (parts !== undefined) recordOf(parts.run).message(parts);
}

/** Faults that a test asks for, to see that the checks notice: each so many-th answer is left out, or is the one before it. */
function withFaults(body) {
  answered += 1;
  const before = previousBody;
  previousBody = body;
  if (faults.dropEvery > 0 && answered % faults.dropEvery === 0) return '';
  if (faults.repeatEvery > 0 && answered % faults.repeatEvery === 0) return before;
  return body;
}

const server = createServer((request, response) => {
  const chunks = [];
  let bytes = 0;
  request.on('data', (chunk) => {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) request.destroy();
    else chunks.push(chunk);
  });
  request.on('error', () => {});
  request.on('end', () => {
    const url = new URL(request.url, 'http://back-end');
    const { status, body } = answer(request, url, Buffer.concat(chunks).toString());
    const send = () => response.writeHead(status, { 'content-length': Buffer.byteLength(body) }).end(body);
    if (faults.delayMs > 0 && url.pathname === '/echo') setTimeout(send, faults.delayMs);
    else send();
  });
});

function answer(request, url, body) {
  const route = routes[`${request.method} ${url.pathname}`];
  if (route === undefined) return { status: 404, body: `There is no ${request.method} ${url.pathname} here.\n` };
  try {
    return { status: 200, body: route({ url, body, connectionId: request.headers['x-sluice-connection-id'] ?? '' }) };
  } catch (error) {
    return { status: 400, body: `${error.message}\n` };
  }
}

// The gateway keeps its connections: one that is closed while it sends would look like a fault of the back end.
server.keepAliveTimeout = 60_000;
server.listen(port, host, async () => {
  const slowLink = await slowLinkPort();
  console.log(
    JSON.stringify({ event: 'back-end.listening', host, port: server.address().port, slowLinkPort: slowLink }),
  );
});

async function slowLinkPort() {
  const target = process.env.SLOW_LINK_TARGET;
  if (!target) return undefined;
  const bytesPerSecond = Number(process.env.SLOW_LINK_BYTES_PER_SECOND || 2_048);
  const link = await startSlowLink({ host, port: Number(process.env.SLOW_LINK_PORT || 0), target, bytesPerSecond });
  return link.address().port;
}

const stop = () => process.exit(0);
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
