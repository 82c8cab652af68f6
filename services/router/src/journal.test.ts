import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RouteSettings } from '@sluice/contracts';
import type { LogSinks } from '@sluice/logs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { chatApi, integration, mock, startRouter } from './testing/start-router.js';

const variables = [
  'eventType',
  'routeKey',
  'status',
  'connectionId',
  'requestId',
  'messageId',
  'error.message',
  'error.responseType',
  'error.validationErrorString',
  'integrationStatus',
  'integrationErrorMessage',
  'identity.sourceIp',
  'stage',
  'authorizer.principalId',
];
const format = variables.map((name) => `$context.${name}`).join('|');

function keepLines(): { logs: LogSinks; lines: () => Record<string, string>[] } {
  const written: string[] = [];
  return {
    lines: () =>
      written.map((line) => Object.fromEntries(line.split('|').map((value, n) => [variables[n] as string, value]))),
    logs: {
      open: () => ({ write: (line) => void written.push(line), close: () => {} }),
      reopen: () => {},
      close: async () => {},
    },
  };
}

async function startBackEnd(status: number, body: string): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(status, { 'content-length': Buffer.byteLength(body), 'x-amzn-requestid': 'aws-id' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe('access log', () => {
  it('[SL-3] L1: one line for each connect, message and disconnect, whatever became of it', async () => {
    const { logs, lines } = keepLines();
    const api = chatApi(
      {
        $connect: {},
        a: {},
        limited: {},
        targetless: { integrationId: undefined },
        down: { integrationId: 'down' },
        checked: { modelSelectionExpression: '\\$default', requestModels: { $default: 'm' } },
      },
      {
        integrations: {
          mock: mock('mock', 'reply'),
          down: integration('down', { integrationUri: 'http://127.0.0.1:1/' }),
        },
        models: { m: { name: 'm', contentType: 'application/json', schema: '{"type":"object","required":["x"]}' } },
        stage: {
          accessLogSettings: { format, destinationArn: 'stdout' },
          routeSettings: { limited: { throttlingRateLimit: 0, throttlingBurstLimit: 0 } },
        },
      },
    );
    const { connect, message, messageEnvelope, send, bus, connectEnvelope } = await startRouter(api, { logs });
    expect((await connect()).status).toBe(200);
    const authorizer = { principalId: 'me' };
    const ok = messageEnvelope({ action: 'a' }, {}, { authorizer });
    await send(ok);
    for (const action of ['limited', 'targetless', 'down', 'checked', 'unknown']) await message({ action });
    const { handshake, kind, ...base } = connectEnvelope();
    expect([kind, handshake.queryString]).toEqual(['CONNECT', '']);
    bus.openProducer('e1').append({
      ...base,
      kind: 'DISCONNECT',
      disconnectStatusCode: 1001,
      disconnectReason: 'Going away',
    });
    await expect.poll(() => lines().length).toBe(8);

    expect(lines()[1]).toEqual({
      eventType: 'MESSAGE',
      routeKey: 'a',
      status: '200',
      connectionId: ok.connectionId,
      requestId: ok.requestId,
      messageId: ok.messageId,
      'error.message': '-',
      'error.responseType': '-',
      'error.validationErrorString': '-',
      integrationStatus: '200',
      integrationErrorMessage: '-',
      'identity.sourceIp': '192.0.2.1',
      stage: 'dev',
      'authorizer.principalId': 'me',
    });
    const short = lines().map((line) => [line['eventType'], line['routeKey'], line['status'], line['error.message']]);
    expect(short).toEqual([
      ['CONNECT', '$connect', '200', '-'],
      ['MESSAGE', 'a', '200', '-'],
      ['MESSAGE', 'limited', '429', 'Too Many Requests'],
      ['MESSAGE', 'targetless', '500', 'Internal server error'],
      ['MESSAGE', 'down', '500', 'Internal server error'],
      ['MESSAGE', 'checked', '400', 'Invalid request body'],
      ['MESSAGE', '-', '403', 'Forbidden'],
      ['DISCONNECT', '$disconnect', '200', '-'],
    ]);
    const types = lines().map((line) => line['error.responseType']);
    expect(types.slice(2, 7)).toEqual([
      'THROTTLED',
      'API_CONFIGURATION_ERROR',
      'INTEGRATION_FAILURE',
      'BAD_REQUEST_BODY',
      'ACCESS_DENIED',
    ]);
    expect(lines()[5]?.['error.validationErrorString']).toContain('missing required properties');
    expect(lines()[4]?.['integrationErrorMessage']).not.toBe('-');
  });

  it('has the request id of an AWS back end where the format asks for it', async () => {
    const written: string[] = [];
    const logs: LogSinks = {
      open: () => ({ write: (line) => void written.push(line), close: () => {} }),
      reopen: () => {},
      close: async () => {},
    };
    const uri = await startBackEnd(200, 'hello');
    const { message } = await startRouter(
      chatApi(
        { a: { integrationId: 'http' } },
        {
          integrations: { http: integration('http', { integrationUri: uri }) },
          stage: {
            accessLogSettings: {
              format: '$context.awsEndpointRequestId $context.integration.status $context.requestId',
              destinationArn: 'stdout',
            },
          },
        },
      ),
      { logs },
    );
    await message({ action: 'a' });
    expect(written[0]).toMatch(/^aws-id 200 /);
  });

  it('a format that cannot be used is told, and requests go on', async () => {
    const { message, log } = await startRouter(
      chatApi({ a: {} }, { stage: { accessLogSettings: { format: 'no id', destinationArn: 'stdout' } } }),
    );
    expect(await message({ action: 'a' })).toBe('reply');
    expect(log()).toContain('logs.format_unusable');
  });
});

describe('execution log', () => {
  async function linesAt(settings: RouteSettings, action: string): Promise<string> {
    const uri = await startBackEnd(200, 'the answer');
    const { message, log } = await startRouter(
      chatApi(
        { a: { integrationId: 'http' }, down: { integrationId: 'down' } },
        {
          integrations: {
            http: integration('http', { integrationUri: uri }),
            down: integration('down', { integrationUri: 'http://127.0.0.1:1/' }),
          },
          stage: { defaultRouteSettings: settings },
        },
      ),
    );
    await message({ action, secret: 'the body' });
    return log()
      .split('\n')
      .filter((line) => line.includes('logs.execution'))
      .join('\n');
  }

  it('[SL-4] L3: level ERROR tells of failures only, OFF of nothing', async () => {
    expect(await linesAt({ loggingLevel: 'ERROR', dataTraceEnabled: true }, 'a')).toBe('');
    const failed = await linesAt({ loggingLevel: 'ERROR', dataTraceEnabled: true }, 'down');
    expect(failed).toContain('Execution failed: ');
    expect(failed).toContain('/aws/apigateway/chat/dev');
    expect(failed.split('\n').length).toBe(1);
    expect(await linesAt({ dataTraceEnabled: true }, 'down')).toBe('');
  });

  it('[SL-4] L3: level INFO tells the way of a request, and what it carries only with data trace', async () => {
    const info = await linesAt({ loggingLevel: 'INFO' }, 'a');
    for (const text of [
      'Extended Request Id: ',
      'received message from client',
      'WebSocket Request Route: [a]',
      'Endpoint request URI: ',
      'Received response. Status: 200',
      'sent to API [chat] with response status code [200].',
    ]) {
      expect(info).toContain(text);
    }
    expect(info).not.toContain('the body');
    expect(info).not.toContain('the answer');
    const traced = await linesAt({ loggingLevel: 'INFO', dataTraceEnabled: true }, 'a');
    expect(traced).toContain('the body');
    expect(traced).toContain('Endpoint response body before transformations: the answer');
  });
});
