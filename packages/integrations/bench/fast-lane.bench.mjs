// `node packages/integrations/bench/fast-lane.bench.mjs [variant…]` after `npx tsc -b packages/integrations`: CPU µs per request
// of this process for a 100-byte message and its echo, 100 requests at once, against a server in another process.
import { fork } from 'node:child_process';
import http from 'node:http';
import { createInvoker } from '@sluice/integrations';
import { createMetrics } from '@sluice/telemetry';
import { Agent, request as undiciRequest } from 'undici';

const concurrency = 100;
const warmUpMs = 1_500;
const measureMs = 3_000;

const server = fork(new URL('./echo-server.mjs', import.meta.url));
const port = await new Promise((resolve) => server.once('message', (message) => resolve(message.port)));
const origin = `http://127.0.0.1:${port}`;
const body = Buffer.from(JSON.stringify({ action: 'sendMessage', data: 'x'.repeat(65) }));
const ids = { connectionId: 'gbgHN0-zjQAYKEjhgA==', requestId: 'Qyi3UG41tjMFlUg=', messageId: 'Qyi3UG41tjMFlUk=' };
const headers = {
  'user-agent': 'AmazonAPIGateway_chat',
  'x-amzn-apigateway-api-id': 'chat',
  'x-sluice-api-id': 'chat',
  'x-sluice-stage': 'dev',
  'x-sluice-route-key': 'sendMessage',
  'x-sluice-event-type': 'MESSAGE',
  'x-sluice-connection-id': ids.connectionId,
  'x-sluice-request-id': ids.requestId,
  'x-sluice-message-id': ids.messageId,
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  'content-type': 'application/json',
  'content-length': String(body.length),
};

function fastLane() {
  const invoker = createInvoker({ telemetry: { metrics: createMetrics() } });
  const prepared = invoker.prepare(
    {
      integrationId: 'echo',
      integrationType: 'HTTP_PROXY',
      integrationUri: `${origin}/echo`,
      integrationMethod: 'POST',
      timeoutInMillis: 5_000,
      passthroughBehavior: 'WHEN_NO_MATCH',
      requestTemplates: {},
      templateSelectionExpression: undefined,
      integrationResponses: [],
    },
    { apiId: 'chat', stage: 'dev', routeKey: 'sendMessage', stageVariables: {}, hasRouteResponse: true },
  );
  return {
    send(done) {
      const request = { kind: 'MESSAGE', ...ids, connectionContext: '{}', traceparent: headers.traceparent, body };
      prepared.invoke(request, (outcome) => done(outcome.ok ? outcome.body.length : 0));
    },
    close: () => invoker.close(),
  };
}

function undiciDispatch() {
  const agent = new Agent({ connections: 256, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
  return {
    send(done) {
      let length = 0;
      agent.dispatch(
        { origin, method: 'POST', path: '/echo', headers, body },
        {
          onRequestStart() {},
          onResponseStart() {},
          onResponseData(_controller, chunk) {
            length += chunk.length;
          },
          onResponseEnd: () => done(length),
          onResponseError: () => done(0),
        },
      );
    },
    close: () => agent.destroy(),
  };
}

function undiciRequests() {
  const agent = new Agent({ connections: 256, pipelining: 1 });
  return {
    send(done) {
      undiciRequest(`${origin}/echo`, { method: 'POST', headers, body, dispatcher: agent })
        .then((answer) => answer.body.arrayBuffer())
        .then((answer) => done(answer.byteLength))
        .catch(() => done(0));
    },
    close: () => agent.destroy(),
  };
}

function nodeHttp() {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });
  return {
    send(done) {
      const request = http.request(`${origin}/echo`, { method: 'POST', headers, agent }, (response) => {
        let length = 0;
        response.on('data', (chunk) => {
          length += chunk.length;
        });
        response.on('end', () => done(length));
      });
      request.on('error', () => done(0));
      request.end(body);
    },
    close: () => agent.destroy(),
  };
}

async function measure(name, variant) {
  let running = true;
  let answered = 0;
  let failed = 0;
  let waiting = concurrency;
  const finished = new Promise((resolve) => {
    const again = (length) => {
      if (length === body.length) answered++;
      else failed++;
      if (running) variant.send(again);
      else if (--waiting === 0) resolve();
    };
    for (let i = 0; i < concurrency; i++) variant.send(again);
  });
  await new Promise((resolve) => setTimeout(resolve, warmUpMs));
  const [cpu, count, at] = [process.cpuUsage(), answered, performance.now()];
  await new Promise((resolve) => setTimeout(resolve, measureMs));
  const used = process.cpuUsage(cpu);
  const requests = answered - count;
  const seconds = (performance.now() - at) / 1000;
  running = false;
  await finished;
  await variant.close();
  const micros = (used.user + used.system) / requests;
  console.log(
    `${name.padEnd(16)} ${micros.toFixed(1).padStart(6)} µs CPU/request (user ${(used.user / requests).toFixed(1)}, system ${(used.system / requests).toFixed(1)}) ${Math.round(
      requests / seconds,
    )
      .toString()
      .padStart(8)} requests/s  ${failed} failed`,
  );
}

const variants = {
  'fast lane': fastLane,
  'undici dispatch': undiciDispatch,
  'undici request': undiciRequests,
  'node:http': nodeHttp,
};
const chosen = process.argv.slice(2);
for (const [name, make] of Object.entries(variants)) {
  if (chosen.length === 0 || chosen.includes(name)) await measure(name, make());
}
server.disconnect();
