// The back end: a plain HTTP server. The gateway POSTs each event to it and says in headers what it is; to write to a
// client it calls @connections with the AWS SDK, exactly as it would with Amazon API Gateway.
import { createServer } from 'node:http';
import {
  ApiGatewayManagementApiClient,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { Rooms } from './rooms.mjs';

// The gateway runs on Node 20 as well, and so shall its example; the SDK says at each start that it would like 22.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

const port = Number(process.env['PORT'] || 9000);
const callbackUrl = process.env['CALLBACK_URL'] || 'http://127.0.0.1:8080/dev';

const rooms = new Rooms();
const gateway = new ApiGatewayManagementApiClient({
  endpoint: callbackUrl,
  region: 'us-east-1',
  // On a laptop the gateway takes any signature (auth.callback: none); elsewhere put a key of its `auth.keys` here.
  credentials: {
    accessKeyId: process.env['AWS_ACCESS_KEY_ID'] || 'local',
    secretAccessKey: process.env['AWS_SECRET_ACCESS_KEY'] || 'local',
  },
});

/** One handler per route. What it returns goes to the client where the route has a route response. */
const handlers = {
  $connect: () => ({}),

  async $disconnect({ connectionId }) {
    const left = rooms.leave(connectionId);
    if (left !== undefined)
      await tellRoom(left.room, { type: 'left', name: left.name, members: rooms.names(left.room) });
    return {};
  },

  async join({ connectionId, message }) {
    const name = shortText(message.name, 24);
    const room = shortText(message.room, 24) ?? 'lobby';
    if (name === undefined) return problem('A name has 1 to 24 characters.');
    const before = rooms.member(connectionId);
    const refused = rooms.join(connectionId, room, name);
    if (refused !== undefined) return problem(refused);
    if (before !== undefined && before.room !== room) {
      await tellRoom(before.room, { type: 'left', name: before.name, members: rooms.names(before.room) });
    }
    await tellRoom(room, { type: 'joined', name, members: rooms.names(room) }, connectionId);
    return { type: 'welcome', room, name, members: rooms.names(room) };
  },

  async sendMessage({ connectionId, message }) {
    const member = rooms.member(connectionId);
    const text = shortText(message.text, 1_000);
    if (member === undefined) await tell(connectionId, problem('Join a room first.'));
    else if (text === undefined) await tell(connectionId, problem('A message has 1 to 1000 characters.'));
    else await tellRoom(member.room, { type: 'message', name: member.name, text, at: Date.now() });
    return {};
  },

  $default: () =>
    problem('Send {"action":"join","room":"lobby","name":"Ada"}, then {"action":"sendMessage","text":"Hello"}.'),
};

const server = createServer(async (request, response) => {
  const routeKey = request.headers['x-sluice-route-key'];
  try {
    const handler = Object.hasOwn(handlers, String(routeKey)) ? handlers[routeKey] : handlers.$default;
    const connectionId = String(request.headers['x-sluice-connection-id']);
    const answer = await handler({ connectionId, message: await readMessage(request) });
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  } catch (error) {
    console.error(`chat: ${routeKey} failed:`, error);
    response.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify(problem('That went wrong.')));
  }
});

async function readMessage(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  try {
    const message = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return typeof message === 'object' && message !== null ? message : {};
  } catch {
    return {};
  }
}

async function tellRoom(room, event, except) {
  const ids = rooms.connections(room).filter((id) => id !== except);
  await Promise.all(ids.map((id) => tell(id, event)));
}

/** Writes to one client. One that has gone meanwhile is forgotten; its $disconnect is on the way. */
async function tell(connectionId, event) {
  try {
    await gateway.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: JSON.stringify(event) }));
  } catch (error) {
    if (error instanceof GoneException) rooms.leave(connectionId);
    else console.error(`chat: could not write to ${connectionId}: ${error.name}: ${error.message}`);
  }
}

function shortText(value, lengthMax) {
  const text = typeof value === 'string' ? value.trim() : '';
  return text.length >= 1 && text.length <= lengthMax ? text : undefined;
}

function problem(text) {
  return { type: 'problem', text };
}

// Whoever runs this file alone has to tell the gateway's file as well; `npm start` does both.
function otherPort() {
  return process.send ? 'CHAT_BACK_END_PORT=9100 npm start' : 'PORT=9100 here, and the same in sluice.yaml';
}

server.on('error', (error) => {
  const reason =
    error.code === 'EADDRINUSE'
      ? `port ${port} is in use; end what holds it, or take another: ${otherPort()}`
      : error.message;
  console.error(`chat back end: ${reason}`);
  process.exit(1);
});
server.listen(port, '127.0.0.1', () => {
  console.log(`chat back end on http://127.0.0.1:${port}/chat, writes to clients through ${callbackUrl}`);
  process.send?.('listening');
});

// Started by `npm start`: ends with it, however that ends.
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
