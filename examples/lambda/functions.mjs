// The functions of this folder behind the Lambda Invoke API, as AWS has them: enough for a laptop.
import { createServer } from 'node:http';

const names = ['authorize', 'connections', 'place-order', 'price'];

/** Listens on loopback; resolves with the server once it does. */
export async function startFunctions(port) {
  const handlers = new Map();
  for (const name of names) handlers.set(name, (await import(`./functions/${name}.mjs`)).handler);
  const server = createServer((request, response) => {
    invoke(handlers, request, response).catch((error) => response.writeHead(500).end(String(error)));
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}

async function invoke(handlers, request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const name = /^\/2015-03-31\/functions\/([^/?]+)\/invocations/.exec(request.url)?.[1];
  const handler = handlers.get(decodeURIComponent(name ?? '').replace(/^.*:function:/, ''));
  if (request.method !== 'POST' || handler === undefined) {
    response.writeHead(404, { 'x-amzn-errortype': 'ResourceNotFoundException' });
    return response.end(JSON.stringify({ Message: `Function not found: ${name}` }));
  }
  try {
    const result = await handler(JSON.parse(Buffer.concat(chunks).toString()));
    answer(response, {}, result ?? null);
  } catch (error) {
    const failure = { errorMessage: error.message, errorType: error.name };
    answer(response, { 'x-amz-function-error': 'Unhandled' }, failure);
  }
}

function answer(response, headers, value) {
  response.writeHead(200, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(value));
}
