import { type ErrorCode, type HostSource, limits } from '@sluice/contracts';
import { Agent, type Dispatcher } from 'undici';
import { type Egress, EgressRefusedError } from './egress.js';
import { BodyBytes } from './fast-lane/body-bytes.js';
import { Exchange, type ExchangeHolder, type OutgoingRequest } from './fast-lane/exchange.js';
import type { PoolLimits } from './fast-lane/origin-pool.js';
import type { TimingWheel } from './fast-lane/timing-wheel.js';
import { readHead } from './head-lines.js';
import { failure, type IntegrationDone } from './integration.js';
import type { IntegrationTarget } from './integration-target.js';
import type { Transport } from './transport.js';

/** Calls over TLS, through undici; the same bounds, deadlines and outcomes as the fast lane. */
export class UndiciLane {
  /** By who chose the host and the name that certificates must have: a connection for one name is never used for another. */
  private readonly agents = new Map<string, Agent>();

  /** `ca`: certificates (PEM) to trust instead of the system's. */
  constructor(
    private readonly wheel: TimingWheel,
    private readonly bounds: PoolLimits,
    private readonly egress: Egress,
    private readonly ca: string | undefined,
  ) {}

  transport({ host, authority, hostSource, serverName }: IntegrationTarget): Transport {
    const { refusal } = this.egress.access(host, hostSource);
    if (refusal !== undefined) {
      return { isBusy: false, send: (_request, done) => done(failure('integration_egress_refused', refusal)) };
    }
    const agent = this.agent(hostSource, serverName);
    return new UndiciTransport(agent, `https://${authority}`, serverName, this.wheel, this.bounds);
  }

  /** Ends every connection; requests in work fail. */
  async close(): Promise<void> {
    await Promise.all([...this.agents.values()].map((agent) => agent.destroy()));
  }

  private agent(source: HostSource, serverName: string | undefined): Agent {
    const key = `${source} ${serverName ?? ''}`;
    const agent = this.agents.get(key) ?? this.createAgent(source);
    this.agents.set(key, agent);
    return agent;
  }

  private createAgent(source: HostSource): Agent {
    const { ca } = this;
    const { lookup } = this.egress.access('', source);
    return new Agent({
      connections: this.bounds.connectionsMax,
      pipelining: 1,
      // Deadlines are ours: undici's would be two more timers a request, and count from other moments.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: limits.integrationIdleMs,
      maxHeaderSize: limits.integrationHeadBytesMax,
      maxResponseSize: limits.integrationBodyBytesMax,
      connect: { timeout: limits.integrationTimeoutMs, lookup, ...(ca === undefined ? {} : { ca }) },
    });
  }
}

class UndiciTransport implements Transport {
  /** Requests that undici still holds, those included whose time is over but which wait in its queue. */
  private held = 0;

  constructor(
    private readonly agent: Agent,
    private readonly origin: string,
    private readonly serverName: string | undefined,
    private readonly wheel: TimingWheel,
    private readonly bounds: PoolLimits,
  ) {}

  get isBusy(): boolean {
    return this.held > 0;
  }

  send(request: OutgoingRequest, done: IntegrationDone): void {
    const exchange = new Exchange(request, done);
    if (this.held >= this.bounds.connectionsMax + this.bounds.waitingMax) {
      return exchange.fail('integration_overloaded', `${this.held} requests wait for ${this.origin}`);
    }
    this.held++;
    this.wheel.arm(exchange, performance.now(), request.timeoutMs);
    const { method, path, headers } = readHead(request.head);
    const body = request.body.length === 0 ? null : request.body;
    const handler = new AnswerHandler(exchange, this.wheel, () => this.held--);
    const options: ServerNamedOptions = {
      origin: this.origin,
      method: method as Dispatcher.HttpMethod,
      path,
      headers: headers.flat(),
      body,
    };
    if (this.serverName !== undefined) options.servername = this.serverName;
    this.agent.dispatch(options, handler);
  }
}

/** undici takes the name for SNI and certificate per request; its types do not say so. */
type ServerNamedOptions = Dispatcher.DispatchOptions & { servername?: string };

class AnswerHandler implements Dispatcher.DispatchHandler, ExchangeHolder {
  private controller: Dispatcher.DispatchController | undefined = undefined;
  private abandoned = false;
  private released = false;
  private status = 0;
  private headers: [name: string, value: string][] = [];
  private interimAnswers = 0;
  private readonly body: BodyBytes;

  constructor(
    private readonly exchange: Exchange,
    private readonly wheel: TimingWheel,
    private readonly release: () => void,
  ) {
    exchange.holder = this;
    this.body = new BodyBytes(exchange.request.expectation.keepBody);
  }

  abandon(): void {
    this.abandoned = true;
    this.controller?.abort(new Error('abandoned'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.abandoned) controller.abort(new Error('abandoned'));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) {
      if (++this.interimAnswers > limits.integrationInterimAnswersMax) controller.abort(new Error('interim answers'));
      return;
    }
    this.status = status;
    if (!this.exchange.request.expectation.keepHeaders) return;
    for (const [name, value] of Object.entries(headers)) {
      for (const each of Array.isArray(value) ? value : [value ?? '']) this.headers.push([name, each]);
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.body.append(chunk, 0, chunk.length);
  }

  onResponseEnd(): void {
    this.letGo();
    this.exchange.settle({ ok: true, status: this.status, headers: this.headers, body: this.body.take() });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error & { code?: string }): void {
    this.letGo();
    // Our own abort comes back as an error; the deadline that caused it says what happened.
    if (this.abandoned) return;
    if (error instanceof EgressRefusedError) return this.exchange.fail('integration_egress_refused', error.message);
    this.exchange.fail(failureCode(error, this.status !== 0), `${error.code ?? error.name}: ${error.message}`);
  }

  private letGo(): void {
    if (this.released) return;
    this.released = true;
    this.wheel.disarm(this.exchange);
    this.exchange.holder = undefined;
    this.release();
  }
}

function failureCode(error: Error & { code?: string }, headSeen: boolean): ErrorCode {
  const code = error.code ?? '';
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return 'integration_timeout';
  if (code === 'UND_ERR_HEADERS_OVERFLOW' || code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') {
    return 'integration_response_too_large';
  }
  if (code.startsWith('HPE_')) return 'integration_invalid_response';
  return headSeen ? 'integration_invalid_response' : 'integration_unreachable';
}
