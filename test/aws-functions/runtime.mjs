// Runs handlers as the Lambda service does, behind its Invoke API: one process, its environment, no knowledge of the gateway.
// Prints its port once it listens.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

const names = ['connect', 'disconnect', 'default', 'sendmessage'];
const loaded = await Promise.all(names.map((name) => import(`./handlers/${name}.mjs`)));
const handlers = new Map(names.map((name, index) => [name, loaded[index].handler]));

function run(handler, event, name) {
  const context = { functionName: name, functionVersion: '$LATEST', awsRequestId: randomUUID() };
  return new Promise((resolve, reject) => {
    const returned = handler(event, context, (error, result) => (error ? reject(error) : resolve(result)));
    if (typeof returned?.then === 'function') returned.then(resolve, reject);
  });
}

const server = createServer(async (request, response) => {
  const [, name] = /^\/2015-03-31\/functions\/([^/?]+)\/invocations(?:\?|$)/.exec(request.url) ?? [];
  const handler = handlers.get(name);
  if (request.method !== 'POST' || handler === undefined) {
    response
      .writeHead(404, { 'x-amzn-errortype': 'ResourceNotFoundException' })
      .end('{"Message":"Function not found"}');
    return;
  }
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  try {
    const result = await run(handler, JSON.parse(Buffer.concat(chunks).toString()), name);
    response.writeHead(200, { 'x-amz-executed-version': '$LATEST' }).end(JSON.stringify(result) ?? 'null');
  } catch (error) {
    const failure = { errorType: error.name, errorMessage: error.message, trace: error.stack.split('\n') };
    response.writeHead(200, { 'x-amz-executed-version': '$LATEST', 'x-amz-function-error': 'Unhandled' });
    response.end(JSON.stringify(failure));
  }
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
