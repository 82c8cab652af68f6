import type { ErrorCode, FunctionCaller, FunctionCallOptions, FunctionResult } from '@sluice/contracts';
import type { AwsCredentials } from '../aws/aws-settings.js';
import { maskedHeaders } from '../aws/masked-headers.js';
import { RequestSigner, type SignableRequest } from '../aws/request-signer.js';
import { readHead } from '../head-lines.js';
import { escapeHeaderValue } from '../header-text.js';
import type { ExchangeObserver, IntegrationOutcome } from '../integration.js';
import type { IntegrationTarget } from '../integration-target.js';
import { traceparentFor, xrayTraceId } from '../trace-context.js';
import type { Transport } from '../transport.js';
import { errorMessageOf, refusalOf } from './invoke-answer.js';

/** `FunctionCaller` for integrations, whose calls the execution log may want to see. */
export interface ObservableFunctionCaller extends FunctionCaller {
  call(payload: Uint8Array, options: ObservableCallOptions, done: (result: FunctionResult) => void): void;
}

export interface ObservableCallOptions extends FunctionCallOptions {
  observer?: ExchangeObserver | undefined;
}

/** Where and how one function, or a plain http(s) address in its place, is called. */
export interface FunctionRoute {
  target: Pick<IntegrationTarget, 'scheme' | 'authority' | 'path'>;
  transport: Transport;
  apiId: string;
  /** Set where calls are signed. */
  signing: { credentials: AwsCredentials; region: string } | undefined;
}

const expectation = { headOnly: false, keepHeaders: true, keepBody: true } as const;
const contentType = 'application/json';

/** Calls one function; the head is rendered once, with holes for what differs from call to call. */
export class HttpFunctionCaller implements ObservableFunctionCaller {
  private readonly uri: string;
  private readonly start: string;
  private readonly signer: RequestSigner | undefined;
  private readonly signedPath: string;
  private readonly signedQuery: [name: string, value: string][];

  constructor(private readonly route: FunctionRoute) {
    const { target, apiId, signing } = route;
    this.uri = `${target.scheme}://${target.authority}${target.path}`;
    this.start =
      `POST ${target.path} HTTP/1.1\r\nHost: ${target.authority}\r\nUser-Agent: AmazonAPIGateway_${escapeHeaderValue(apiId)}\r\n` +
      `Content-Type: ${contentType}\r\nX-Amz-Invocation-Type: `;
    this.signer = signing && new RequestSigner(signing.credentials, 'lambda', signing.region);
    const [path = '/', query = ''] = target.path.split('?');
    this.signedPath = path;
    this.signedQuery = [...new URLSearchParams(query)];
  }

  call(payload: Uint8Array, options: ObservableCallOptions, done: (result: FunctionResult) => void): void {
    if (this.signer === undefined) return this.send(payload, options, '', done);
    this.signer.sign(this.signable(payload, options)).then(
      (fields) => this.send(payload, options, fields.map(([name, value]) => `\r\n${name}: ${value}`).join(''), done),
      (error: unknown) => done(failed('integration_misconfigured', `the call cannot be signed: ${String(error)}`)),
    );
  }

  private send(
    payload: Uint8Array,
    options: ObservableCallOptions,
    signature: string,
    done: (result: FunctionResult) => void,
  ): void {
    const traceparent = traceparentFor(options.traceparent);
    const head =
      `${this.start}${options.invocationType ?? 'RequestResponse'}\r\ntraceparent: ${traceparent}\r\n` +
      `X-Amzn-Trace-Id: ${xrayTraceId(traceparent)}${signature}\r\nContent-Length: ${payload.length}\r\n\r\n`;
    const { observer, timeoutMs } = options;
    observer?.sent(this.uri, maskedHeaders(readHead(head).headers), payload);
    this.route.transport.send({ head, body: payload, timeoutMs, expectation }, (outcome) => {
      if (outcome.ok) observer?.received(outcome.status, outcome.headers, outcome.body);
      done(resultOf(outcome));
    });
  }

  private signable(body: Uint8Array, options: FunctionCallOptions): SignableRequest {
    return {
      method: 'POST',
      authority: this.route.target.authority,
      path: this.signedPath,
      query: this.signedQuery,
      headers: { 'content-type': contentType, 'x-amz-invocation-type': options.invocationType ?? 'RequestResponse' },
      body,
    };
  }
}

/** Answers every call with the reason why the function cannot be called. */
export function faultyCaller(fault: string): ObservableFunctionCaller {
  return { fault, call: (_payload, _options, done) => done(failed('integration_misconfigured', fault)) };
}

function resultOf(outcome: IntegrationOutcome): FunctionResult {
  if (!outcome.ok) return failed(outcome.code, outcome.detail);
  const { status, headers, body } = outcome;
  if (status < 200 || status > 299) {
    return { kind: 'failed', code: 'function_refused', detail: refusalOf(status, headers, body), status };
  }
  let requestId: string | undefined;
  let isError = false;
  // Most names are told apart by their length.
  for (const [name, value] of headers) {
    if (name.length === 20 && name.toLowerCase() === 'x-amz-function-error') isError = true;
    else if (name.length === 16 && name.toLowerCase() === 'x-amzn-requestid') requestId = value;
  }
  if (!isError) return { kind: 'ok', payload: body, requestId };
  return { kind: 'function-error', errorMessage: errorMessageOf(body), payload: body, requestId };
}

function failed(code: ErrorCode, detail: string): FunctionResult {
  return { kind: 'failed', code, detail };
}
