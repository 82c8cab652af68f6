import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { chatApi, integration, mock, startRouter } from './testing/start-router.js';

async function startEcho(): Promise<{ url: string; requests: { url: string; headers: object; body: string }[] }> {
  const requests: { url: string; headers: object; body: string }[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    requests.push({ url: request.url ?? '', headers: request.headers, body });
    const text = '{"answer":42}';
    response.writeHead(200, { 'content-length': text.length, 'x-protocol': 'chat' }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

describe('templates and mappings', () => {
  it('[MT-1] [MT-4] [MT-5] [RS-6] a message through request template, parameters and response template', async () => {
    const backEnd = await startEcho();
    const api = chatApi(
      { send: { integrationId: 'http' } },
      {
        integrations: {
          http: integration('http', {
            integrationType: 'HTTP',
            integrationUri: `${backEnd.url}/\${stageVariables.room}`,
            requestParameters: {
              'integration.request.header.X-Connection': 'context.connectionId',
              'integration.request.querystring.n': 'route.request.body.n',
            },
            requestTemplates: {
              $default: '{"connectionId":"$context.connectionId","data":$input.json(\'$.data\')}',
            },
            integrationResponses: [
              {
                integrationResponseKey: '$default',
                templateSelectionExpression: undefined,
                responseTemplates: { $default: '{"was":$input.path(\'$.answer\'),"room":"$stageVariables.room"}' },
              },
            ],
          }),
        },
        stage: { stageVariables: { room: 'lobby' } },
      },
    );
    const { send, messageEnvelope } = await startRouter(api);
    const envelope = messageEnvelope({ action: 'send', n: 7, data: { x: [1, 'a'] } });
    const [reply] = await send(envelope);
    expect(reply?.kind === 'REPLY' && Buffer.from(reply.body).toString()).toBe('{"was":42,"room":"lobby"}');
    expect(backEnd.requests[0]).toMatchObject({
      url: '/lobby?n=7',
      headers: { 'x-connection': envelope.connectionId },
      body: `{"connectionId":"${envelope.connectionId}","data":{"x":[1,"a"]}}`,
    });
  });

  it('[RS-12] a MOCK chooses its status from the message, and its reply by that', async () => {
    const { message } = await startRouter(
      chatApi(
        { a: {} },
        {
          integrations: {
            mock: mock('mock', 'other', {
              requestTemplates: { $default: '{"statusCode": #if($input.path("$.good"))200#else 400#end}' },
              integrationResponses: [
                {
                  integrationResponseKey: '200',
                  templateSelectionExpression: undefined,
                  responseTemplates: { $default: 'good $context.connectionId' },
                },
                {
                  integrationResponseKey: '$default',
                  templateSelectionExpression: undefined,
                  responseTemplates: { $default: 'bad' },
                },
              ],
            }),
          },
        },
      ),
    );
    expect(await message({ action: 'a', good: true })).toMatch(/^good [\w-]+==$/);
    expect(await message({ action: 'a' })).toBe('bad');
  });

  it('[ER-2] a template that fails, and one that cannot be compiled, end in Internal server error for their own route', async () => {
    const { message, log } = await startRouter(
      chatApi(
        { loop: {}, broken: { integrationId: 'broken' }, fine: { integrationId: 'fine' } },
        {
          integrations: {
            mock: mock('mock', '#foreach($i in [1..2000])x#end'),
            broken: mock('broken', '#if('),
            fine: mock('fine', 'fine'),
          },
        },
      ),
    );
    expect(await message({ action: 'loop' })).toContain('"message": "Internal server error"');
    expect(log()).toContain('template_failed');
    expect(await message({ action: 'broken' })).toContain('"message": "Internal server error"');
    expect(await message({ action: 'fine' })).toBe('fine');
  });

  it('[SL-1] [RT-26] [RT-27] a stage variable takes part in the choice of both templates', async () => {
    const { message } = await startRouter(
      chatApi(
        { a: {} },
        {
          integrations: {
            mock: mock('mock', 'other', {
              templateSelectionExpression: '$stageVariables.version',
              requestTemplates: { v2: '{"statusCode":200}', $default: '{"statusCode":500}' },
              integrationResponses: [
                {
                  integrationResponseKey: '200',
                  templateSelectionExpression: '${stageVariables.version}/${request.body.kind}',
                  responseTemplates: { 'v2/x': 'chosen', $default: 'fallen back' },
                },
              ],
            }),
          },
          stage: { stageVariables: { version: 'v2' } },
        },
      ),
    );
    expect(await message({ action: 'a', kind: 'x' })).toBe('chosen');
    expect(await message({ action: 'a', kind: 'y' })).toBe('fallen back');
  });

  it('[SL-1] L2: stage variables are those of the definitions of the moment', async () => {
    const api = chatApi(
      { a: {} },
      { integrations: { mock: mock('mock', '$stageVariables.color') }, stage: { stageVariables: { color: 'red' } } },
    );
    const { message, definitions } = await startRouter(api);
    expect(await message({ action: 'a' })).toBe('red');
    definitions.replace([{ ...api, stages: { dev: { stageName: 'dev', stageVariables: { color: 'blue' } } } }]);
    expect(await message({ action: 'a' })).toBe('blue');
  });
});
