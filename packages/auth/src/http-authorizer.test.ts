import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInvoker, type Invoker } from '@sluice/integrations';
import { createMetrics } from '@sluice/telemetry';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  accountId,
  arnPrefix,
  ask,
  authorizedRoute,
  connectRequest,
  nowMs,
  policyOf,
  region,
} from './authorization.fixture.js';
import { createAuthorizers } from './authorizers.js';

let server: Server;
let invoker: Invoker;
let respond: RequestListener;
let seen: { method: string | undefined; url: string | undefined; type: string | undefined; body: string }[];

beforeEach(async () => {
  seen = [];
  respond = (_, response) => response.end(JSON.stringify({ principalId: 'user-1', policyDocument: policyOf('Allow') }));
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      seen.push({ method: request.method, url: request.url, type: request.headers['content-type'], body });
      respond(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  invoker = createInvoker({ telemetry: { metrics: createMetrics() } });
});

afterEach(async () => {
  await invoker.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function prepared() {
  const authorizers = createAuthorizers({
    region,
    accountId,
    keys: [],
    prepareFunction: (uri, place) => invoker.prepareFunction(uri, place),
    clock: () => nowMs,
  });
  const { port } = server.address() as AddressInfo;
  const authorizerUri = `http://127.0.0.1:${port}/authorize/\${stageVariables.table}?x=1`;
  return authorizers.prepare(authorizedRoute({ authorizationType: 'CUSTOM' }, { authorizerUri }));
}

describe('an authorizer at a plain HTTP address', () => {
  it('[AU-11] gets the event by POST and answers with the same result', async () => {
    expect(await ask(prepared(), connectRequest())).toMatchObject({ ok: true, authorizer: { principalId: 'user-1' } });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ method: 'POST', url: '/authorize/messages?x=1', type: 'application/json' });
    expect(JSON.parse(seen[0]?.body ?? '')).toMatchObject({ type: 'REQUEST', methodArn: `${arnPrefix}/$connect` });
  });

  it.each([
    [401, 'unauthorized'],
    [403, 'access_denied'],
    [404, 'authorizer_failed'],
    [302, 'authorizer_failed'],
    [500, 'authorizer_failed'],
    [200, 'authorizer_misconfigured'],
  ])('[AU-11] a bare %i is %s, and the log does not repeat its body', async (status, code) => {
    respond = (_, response) => response.writeHead(status).end('{"message":"hunter2"}');
    const outcome = await ask(prepared(), connectRequest());
    expect(outcome).toMatchObject({ ok: false, code });
    expect(JSON.stringify(outcome)).not.toContain('hunter2');
  });

  it('[AU-11] nobody gets in while it is away', async () => {
    const guard = prepared();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(await ask(guard, connectRequest())).toMatchObject({ ok: false, code: 'authorizer_failed' });
  });
});
