import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Sha256 } from '@aws-crypto/sha256-js';
import {
  type Cluster,
  connectClient,
  type GatewayProcess,
  refusedHandshake,
  startCluster,
  startGatewayProcess,
  testKey,
  type WebSocketClient,
} from '@sluice/testkit';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessConfig, planted } from './access-secrets-config.js';
import { type FakeFunctions, FunctionFailure, startFunctions } from './fake-functions.js';
import { startTokenIssuer, type TokenIssuer } from './token-issuer.js';

describe.each(['standalone', 'cluster'])('what proves who somebody is (%s)', (kind) => {
  const exported: string[] = [];
  let secrets: Record<string, string> = planted;
  let issuer: TokenIssuer;
  let functions: FakeFunctions;
  let service: Server;
  let cluster: Cluster | undefined;
  let processes: GatewayProcess[];

  const url = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  beforeAll(async () => {
    issuer = await startTokenIssuer();
    functions = await startFunctions({
      auth: ({ queryStringParameters }) => {
        const { token } = queryStringParameters as Record<string, string>;
        if (token === planted.refusedToken) throw new FunctionFailure('Unauthorized');
        // What an authorizer says when it breaks may hold what it was asked about.
        if (token === planted.echoedToken) throw new FunctionFailure(`cannot parse ${token}`);
        return {
          principalId: 'user-1',
          policyDocument: { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] },
          context: { confidence: planted.confidence },
          usageIdentifierKey: planted.apiKey,
        };
      },
    });
    // Collector of traces, HTTP authorizer, back end and SQS in one.
    service = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      if (request.url?.startsWith('/v1/traces')) exported.push(body);
      const status = request.url?.startsWith('/authorizer') ? 500 : request.url?.startsWith('/sqs') ? 403 : 200;
      response
        .writeHead(status, { 'set-cookie': planted.answer })
        .end(status === 200 ? '' : `${planted.answer} ${body}`);
    });
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: url(service), OTEL_TRACES_SAMPLER: 'parentbased_always_on' };
    const config = accessConfig({ issuerUrl: issuer.url, functionsUrl: functions.url, serviceUrl: url(service) });
    if (kind === 'standalone') {
      processes = [await startGatewayProcess({ role: 'start', config, env })];
      return;
    }
    const started = await startCluster({ config, roles: [] });
    cluster = started;
    const redisUrl = `redis://127.0.0.1:${started.redis.port}`;
    processes = await Promise.all((['edge', 'router'] as const).map((role) => started.add(role, { redisUrl, env })));
  });
  afterAll(async () => {
    await Promise.all((processes ?? []).map((each) => each.kill()));
    await cluster?.stop();
    await Promise.all([functions?.stop(), issuer?.stop()]);
    service?.close();
    service?.closeAllConnections();
  });

  const address = (api: string, query = '') => `ws://127.0.0.1:${processes[0]?.port}/${api}/dev${query}`;

  async function useKeys(): Promise<void> {
    for (const [token, status] of [
      [planted.refusedToken, 401],
      [planted.echoedToken, 500],
    ] as const) {
      expect((await refusedHandshake(address('keyed', `?token=${token}`))).status).toBe(status);
    }
    const wrong = await refusedHandshake(address('header'), { headers: { 'x-api-key': planted.wrongKey } });
    expect(wrong.status).toBe(403);
    const client = await connectClient(address('keyed', `?token=${planted.queryToken}`));
    for (const action of ['queue', 'broken', 'modelled']) {
      expect(await ask(client, { action, text: planted.frame })).toContain('"message": ');
    }
    expect(await ask(client, { action: 'modelled' })).toContain('Limit Exceeded');
    await client.close();
  }

  async function useTokens(): Promise<Record<string, string>> {
    const tokens = Object.fromEntries(
      ['inHeader', 'inQuery', 'inProtocol', 'inMessage', 'expired'].map((name) => [
        name,
        issuer.token(name === 'expired' ? -300 : 60, { name }),
      ]),
    ) as Record<'inHeader' | 'inQuery' | 'inProtocol' | 'inMessage' | 'expired', string>;
    const { inHeader, inQuery, inProtocol, inMessage, expired } = tokens;
    const forged = `${inHeader.slice(0, -20)}${'A'.repeat(20)}`;
    for (const token of [expired, forged]) {
      const headers = { authorization: `Bearer ${token}` };
      expect((await refusedHandshake(address('token'), { headers })).status).toBe(401);
    }
    const clients = [
      await connectClient(address('token'), { headers: { authorization: `Bearer ${inHeader}` } }),
      await connectClient(address('token', `?token=${inQuery}`)),
      await connectClient(address('token'), { protocols: [`bearer.${inProtocol}`, 'chat'] }),
    ];
    const [client] = clients as [WebSocketClient];
    expect(await ask(client, { action: 'asked', token: planted.messageToken })).toContain('Internal server error');
    expect(await ask(client, { action: 'renew', token: `${inMessage}x` })).toContain('Unauthorized');
    client.send({ action: 'renew', token: inMessage });
    await Promise.all(clients.map((each) => each.close()));
    // Header and claims are no secret, and the claims reach every log that asks for them: the signature is one.
    return Object.fromEntries(Object.entries(tokens).map(([name, token]) => [name, token.split('.')[2] ?? '']));
  }

  async function useSignatures(): Promise<Record<string, string>> {
    const { accessKeyId, secretAccessKey } = testKey;
    const credentials = { accessKeyId, secretAccessKey, sessionToken: planted.sessionToken };
    const signer = new SignatureV4({ service: 'execute-api', region: 'us-east-1', credentials, sha256: Sha256 });
    const { host, hostname, pathname } = new URL(address('iam'));
    const request = { method: 'GET', protocol: 'ws:', hostname, path: pathname, headers: { host }, query: {} };
    const presigned = await signer.presign(request, { expiresIn: 60 });
    const query = new URLSearchParams(presigned.query as Record<string, string>).toString().replaceAll('+', '%20');
    expect((await refusedHandshake(address('iam', `?${query}&more=1`))).status).toBe(403);
    await (await connectClient(address('iam', `?${query}`))).close();
    return { signature: String(presigned.query?.['X-Amz-Signature']), secretAccessKey };
  }

  async function ask(client: WebSocketClient, message: object): Promise<string> {
    client.send(message);
    return await client.next();
  }

  async function everythingShown(): Promise<Record<string, string>> {
    const shown: Record<string, string> = {};
    for (const each of processes) {
      shown[`metrics of ${each.role}`] = (await each.admin('/metrics')).body;
      each.signal('SIGTERM');
      await each.exited;
      shown[`log of ${each.role}`] = each.output();
    }
    return { ...shown, traces: exported.join('\n') };
  }

  it('[X10] is in no process log, access log, execution log without data trace, metric or span', async () => {
    await useKeys();
    secrets = { ...planted, ...(await useTokens()), ...(await useSignatures()) };
    const shown = await everythingShown();
    // The search looks at the right texts: access lines of every outcome, execution lines, spans of authorizations.
    const logs = Object.entries(shown).flatMap(([where, text]) => (where.startsWith('log') ? [text] : []));
    for (const seen of ['"status":"401"', '"status":"429"', '"key":"gold"', 'token=*****', 'user-1']) {
      expect(logs.join('\n').replaceAll('\\"', '"')).toContain(seen);
    }
    expect(shown['traces']).toContain('authorize');
    const leaks = Object.entries(shown).flatMap(([where, text]) =>
      Object.entries(secrets).flatMap(([what, secret]) => {
        const at = text.indexOf(secret);
        return at < 0 ? [] : [`${what} in ${where}: ${text.slice(Math.max(0, at - 200), at + 60)}`];
      }),
    );
    expect(leaks).toEqual([]);
  });
});
