import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import { type ManagementResponse, sourceIpOf, type TrustedProxies } from '@sluice/contracts';
import { attributeNames, type Telemetry, traceField } from '@sluice/telemetry';
import type { CallLogs } from './call-logs.js';
import type { About, Exchange, TakenRequest } from './exchange.js';
import { handleManagementRequest, type ManagementParts } from './handle-management-request.js';
import { writeResponse } from './http-port.js';
import { internalError, unavailable } from './management-answers.js';
import type { ManagementMetrics } from './management-metrics.js';
import { ManagementTrace, untraced } from './management-trace.js';
import type { PendingAsk } from './outcome-table.js';
import type { RequestReader } from './request-reader.js';

export interface ManagementServerParts extends ManagementParts {
  reader: RequestReader;
  metrics: ManagementMetrics;
  telemetry: Telemetry;
  logs: CallLogs;
  proxies: TrustedProxies;
}

/** Joins the HTTP side to the pipeline: reads a request, has it handled, writes the answer, observes all of it. */
export class ManagementServer {
  private inflightCount = 0;
  private state: 'serving' | 'draining' | 'stopped' = 'serving';

  constructor(private readonly parts: ManagementServerParts) {}

  /** Requests taken and not yet answered, those whose body is still on its way included. */
  get inflight(): number {
    return this.inflightCount;
  }

  /** From now on each answer ends its connection, so that callers go elsewhere without ever being cut off. */
  drain(): void {
    if (this.state === 'serving') this.state = 'draining';
  }

  /** From now on requests are refused; those taken before are finished. */
  stop(): void {
    this.state = 'stopped';
  }

  serve(response: HttpResponse, request: HttpRequest): void {
    const served = new ServedRequest(this.parts, response, () => this.state !== 'serving', this.finished);
    this.inflightCount++;
    if (this.state === 'stopped') return served.refuse(request.getCaseSensitiveMethod(), unavailable(), true);
    let endReading: (() => void) | undefined;
    // Before reading: an answer given at once leaves a response on which nothing may be set any more.
    response.onAborted(() => {
      endReading?.();
      served.abort();
    });
    endReading = this.parts.reader.read(response, request, {
      taken: (taken, close) => served.handle(taken, close),
      unreadable: (method, answer) => served.refuse(method, answer, true),
    });
  }

  private readonly finished = (): void => {
    this.inflightCount--;
  };
}

/** One request on its way through: an `Exchange` over uWebSockets.js. */
class ServedRequest implements Exchange {
  request: TakenRequest;
  pending: PendingAsk | undefined;
  readonly about: About = {};
  accessKeyId: string | undefined;
  private readonly startedAtMs = performance.now();
  private readonly receivedAtMs = Date.now();
  private trace = untraced;
  private open = true;
  private close = false;

  constructor(
    private readonly parts: ManagementServerParts,
    private readonly response: HttpResponse,
    private readonly closing: () => boolean,
    private readonly finished: () => void,
  ) {
    this.request = noRequest;
  }

  traceCommand(nodeSlot: number): string | undefined {
    return this.trace.command(nodeSlot);
  }

  handle(request: TakenRequest, close: boolean): void {
    this.request = request;
    this.close = close;
    this.trace = ManagementTrace.of(this.parts.telemetry.tracing, request);
    this.guarded(() => handleManagementRequest(this.parts, this))(undefined);
  }

  guarded<T>(handler: (value: T) => void): (value: T) => void {
    return (value) => {
      try {
        handler(value);
      } catch (error) {
        // A fault of ours must cost one request, not the process with all the others.
        const fields = { ...this.about, ...traceField(this.trace.traceparent), error };
        this.parts.telemetry.log.error('callback.request_failed', 'a request could not be handled', fields);
        this.answer(internalError());
      }
    };
  }

  refuse(method: string, answer: ManagementResponse, close: boolean): void {
    this.request = { ...noRequest, method };
    this.close = close;
    this.answer(answer);
  }

  answer(response: ManagementResponse): void {
    if (!this.open) return;
    this.log(response);
    this.end(response.status, response.status >= 500 ? `status ${response.status}` : undefined);
    writeResponse(this.response, response, this.request.method, this.close || this.closing());
  }

  concerns(name: keyof About, value: string): void {
    this.about[name] = value;
    this.trace.span?.setAttribute(aboutAttributes[name], value);
  }

  delivered(): void {
    this.parts.metrics.delivered(performance.now() - this.startedAtMs, this.trace.traceparent);
  }

  /** The caller is gone. What was sent to the edge cannot be called back, but nobody waits for its outcome. */
  abort(): void {
    if (!this.open) return;
    if (this.pending !== undefined) this.parts.outcomes.forget(this.pending);
    this.end('aborted', 'aborted');
  }

  /** Before the answer: afterwards nobody knows the caller's address any more. */
  private log(response: ManagementResponse): void {
    const { api, stage } = this.about;
    const write = api === undefined || stage === undefined ? undefined : this.parts.logs.of(api, stage);
    if (write === undefined || api === undefined || stage === undefined) return;
    const { method, host, headers, body } = this.request;
    write({
      apiId: api,
      stage,
      connectionId: this.about.connection_id,
      method,
      host,
      sourceIp: this.parts.proxies.forwarded({ sourceIp: this.peer(), headers }, 0).sourceIp,
      userAgent: headers.find(([name]) => name === 'user-agent')?.[1] ?? '',
      accessKeyId: this.accessKeyId,
      receivedAtMs: this.receivedAtMs,
      body,
      response,
    });
  }

  private peer(): string {
    return sourceIpOf(new Uint8Array(this.response.getRemoteAddress()));
  }

  private end(code: number | 'aborted', failure: string | undefined): void {
    this.open = false;
    const { method } = this.request;
    this.parts.metrics.answered(method, code, performance.now() - this.startedAtMs, this.trace.traceparent);
    this.trace.end(code, failure);
    this.finished();
  }
}

const aboutAttributes = {
  api: attributeNames.api,
  stage: attributeNames.stage,
  connection_id: attributeNames.connectionId,
} as const;

const noRequest: TakenRequest = {
  method: '',
  rawPath: '',
  queryString: '',
  host: '',
  headers: [],
  body: new Uint8Array(0),
  bodyExceeded: false,
};
