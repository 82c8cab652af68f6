import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import {
  type BackEnd,
  type Cluster,
  connectClient,
  startBackEnd,
  startCluster,
  testKey,
  waitFor,
} from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatConfig } from './chat-config.js';

interface Span {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  links?: { traceId: string; spanId: string }[];
}

describe('one trace through the cluster', () => {
  const spans: Span[] = [];
  let receiver: Server;
  let backEnd: BackEnd;
  let cluster: Cluster;

  beforeAll(async () => {
    receiver = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = JSON.parse(Buffer.concat(chunks).toString());
      for (const resource of body.resourceSpans) for (const scope of resource.scopeSpans) spans.push(...scope.spans);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    backEnd = await startBackEnd();
    cluster = await startCluster({
      config: chatConfig(backEnd.url),
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`,
        OTEL_TRACES_SAMPLER: 'parentbased_always_on',
        OTEL_BSP_SCHEDULE_DELAY: '200',
      },
    });
  });
  afterAll(async () => {
    await cluster?.stop();
    await backEnd?.stop();
    receiver?.close();
  });

  const named = (name: RegExp, traceId?: string) =>
    spans.filter((span) => name.test(span.name) && (traceId === undefined || span.traceId === traceId));

  it('[TR-1] a frame: append, process and the integration call share a trace, which the back end sees in traceparent', async () => {
    const client = await connectClient(`ws://127.0.0.1:${cluster.the('edge').port}/chat/dev`);
    client.send({ action: 'echo' });
    await client.next();
    const request = backEnd.of('MESSAGE').at(-1);
    const [, traceId, parentId] = String(request?.headers['traceparent']).split('-');
    await waitFor('the spans', () => named(/^send/, traceId).length > 0 && named(/^process/, traceId).length > 0);
    const send = named(/^send/, traceId)[0] as Span;
    const process = named(/^process/, traceId)[0] as Span;
    expect(process.parentSpanId === send.spanId || process.links?.some((link) => link.spanId === send.spanId)).toBe(
      true,
    );
    await waitFor('the integration span', () =>
      spans.some((span) => span.spanId === parentId && span.traceId === traceId),
    );
    await client.close();
  });

  it('[TR-2] a post: the delivery at the edge belongs to the trace of the call', async () => {
    const client = await connectClient(`ws://127.0.0.1:${cluster.the('edge').port}/chat/dev`);
    const ConnectionId = backEnd.of('CONNECT').at(-1)?.connectionId as string;
    const management = new ApiGatewayManagementApiClient({
      endpoint: `http://127.0.0.1:${cluster.the('callback').port}/chat/dev`,
      region: 'us-east-1',
      credentials: { ...testKey },
    });
    await management.send(new PostToConnectionCommand({ ConnectionId, Data: 'x' }));
    await waitFor('the delivery span', () => named(/^deliver/).length > 0);
    const deliver = named(/^deliver/)[0] as Span;
    await waitFor('its server span', () =>
      spans.some((span) => span.spanId === deliver.parentSpanId && span.traceId === deliver.traceId),
    );
    await client.close();
  });
});
