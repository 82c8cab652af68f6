import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errorKinds, type IntegrationDefinition, newRequestId } from '@sluice/contracts';
import {
  createInvoker,
  type IntegrationOutcome,
  type IntegrationRequest,
  type PreparedIntegration,
} from '@sluice/integrations';
import { createMetrics } from '@sluice/telemetry';
import type { Random } from '../random.js';
import { common, connectEnvelope } from '../requests.js';
import { type FuzzTarget, must, mustLeavePrototypes } from '../target.js';
import { anyJson, anyName, anyText, mutate } from '../texts.js';

interface Answer {
  status: number;
  headers: Record<string, string>;
  payload: string;
}

const arn = 'arn:aws:lambda:us-east-1:123456789012:function:chat';
const integrationUri = `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${arn}/invocations`;
const route = {
  ...{ apiId: 'chat', stage: 'dev', routeKey: 'send', stageVariables: {}, hasRouteResponse: true },
  ...{
    accountId: '123456789012',
    region: 'us-east-1',
    headerSpellings: new Map<string, string>(),
    binaryFrames: false,
  },
};
const definition: IntegrationDefinition = {
  ...{ integrationId: 'chat', integrationUri, integrationMethod: 'POST', timeoutInMillis: 5_000 },
  ...{ passthroughBehavior: 'WHEN_NO_MATCH', requestTemplates: {}, templateSelectionExpression: undefined },
  ...{ integrationResponses: [], integrationType: 'AWS_PROXY' },
};

/** What functions answer, over HTTP: an outcome that fits the contract, or an error of the registry. */
export const lambdaResults: FuzzTarget = {
  name: 'lambda-results',
  async open() {
    let answer: Answer;
    const server = createServer((request, response) => {
      request.resume().once('end', () => response.writeHead(answer.status, answer.headers).end(answer.payload));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const invoker = createInvoker({ telemetry: { metrics: createMetrics() }, lambda: { endpoint } });
    const texts = invoker.prepare(definition, route);
    const binaries = invoker.prepare(definition, { ...route, binaryFrames: true });
    return {
      async play(random, note) {
        answer = anyAnswer(random);
        const request = anyRequest(random);
        note(`${request.kind} ${JSON.stringify(answer)}`);
        const outcome = await invoke(random.chance(0.5) ? texts : binaries, request);
        mustLeavePrototypes();
        return wordFor(outcome);
      },
      async close() {
        await invoker.close();
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  },
};

function invoke(prepared: PreparedIntegration, request: IntegrationRequest): Promise<IntegrationOutcome> {
  return new Promise((resolve) => prepared.invoke(request, resolve));
}

function wordFor(outcome: IntegrationOutcome): string {
  if (!outcome.ok) {
    must(
      Object.hasOwn(errorKinds, outcome.code) && outcome.code !== 'internal',
      () => `${outcome.code}: ${outcome.detail}`,
    );
    return outcome.code;
  }
  const { status, headers } = outcome;
  must(Number.isInteger(status) && status >= 100 && status <= 599, () => `status ${status}`);
  for (const [name, value] of headers) {
    must(/^[!#$%&'*+.^_`|~A-Za-z0-9-]+$/.test(name), () => `no name of a header: ${JSON.stringify(name)}`);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
    must(!/[\x00-\x08\x0a-\x1f\x7f]|[^\x00-\xff]/.test(value), () => `no value of a header: ${JSON.stringify(value)}`);
  }
  return 'answered';
}

function anyRequest(random: Random): IntegrationRequest {
  const kind = random.below(3);
  if (kind === 0) return connectEnvelope();
  if (kind === 1) return { kind: 'DISCONNECT', disconnectStatusCode: 1000, disconnectReason: '', ...common() };
  return { kind: 'MESSAGE', messageId: newRequestId(), body: Buffer.from('{}'), ...common() };
}

function anyAnswer(random: Random): Answer {
  const headers: Record<string, string> = random.chance(0.1) ? { 'X-Amz-Function-Error': 'Unhandled' } : {};
  if (random.chance(0.1)) headers['Content-Type'] = random.pick(['text/html', 'application/json; charset=x']);
  const payload = random.chance(0.15) ? anyJson(random) : proxyResult(random);
  return {
    status: random.pick([200, 200, 200, 200, 200, 202, 204, 400, 404, 429, 500]),
    headers,
    payload: random.chance(0.1) ? mutate(random, payload) : payload,
  };
}

function proxyResult(random: Random): string {
  const name = () =>
    random.pick(['X-A', 'Set-Cookie', 'Sec-WebSocket-Protocol', 'Content-Length', anyText(random), anyName(random)]);
  const value = () => random.pick([anyText(random), 'v1', 7, true, null, random.chance(0.1) ? [1] : 'x']);
  return JSON.stringify({
    statusCode: random.pick([200, 204, 301, 401, 599, 600, 99, '200', 200.5, null]),
    headers: random.pick([undefined, null, Object.fromEntries(random.list(3, () => [name(), value()]))]),
    multiValueHeaders: random.pick([
      undefined,
      Object.fromEntries(random.list(2, () => [name(), random.list(2, value)])),
    ]),
    body: random.pick([undefined, anyText(random, 40), Buffer.from(anyText(random)).toString('base64'), 7, null]),
    isBase64Encoded: random.pick([undefined, true, false, 'true']),
  });
}
