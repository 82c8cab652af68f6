import type { ExchangeObserver } from '@sluice/integrations';
import { type ExecutionLog, executionTexts } from '@sluice/logs';

type Headers = readonly (readonly [name: string, value: string])[];

/** Writes what went to the back end and came back, and keeps the id that AWS gave the call. */
export class ExchangeLog implements ExchangeObserver {
  awsRequestId: string | undefined;
  private sentAtMs = 0;

  constructor(
    private readonly log: ExecutionLog | undefined,
    private readonly requestId: string,
  ) {}

  sent(uri: string, headers: Headers, body: Uint8Array): void {
    this.sentAtMs = performance.now();
    const { log, requestId } = this;
    log?.info(requestId, executionTexts.endpointUri(uri));
    if (log?.tracesData !== true) return;
    log.payload(requestId, executionTexts.endpointRequestHeaders(headers));
    log.payload(requestId, executionTexts.endpointRequestBody(body));
  }

  received(status: number, headers: Headers, body: Uint8Array): void {
    const { log, requestId } = this;
    this.awsRequestId = headers.find(([name]) => awsRequestIdNames.has(name.toLowerCase()))?.[1];
    if (log?.tellsAll !== true) return;
    if (this.awsRequestId !== undefined) log.info(requestId, executionTexts.endpointRequestId(this.awsRequestId));
    log.info(requestId, executionTexts.endpointAnswered(status, performance.now() - this.sentAtMs));
    if (!log.tracesData) return;
    log.payload(requestId, executionTexts.endpointResponseHeaders(headers));
    log.payload(requestId, executionTexts.endpointResponseBody(body));
  }
}

const awsRequestIdNames = new Set(['x-amzn-requestid', 'x-amz-request-id']);
