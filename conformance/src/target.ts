import { createHash } from 'node:crypto';
import { Sha256 } from '@aws-crypto/sha256-js';
import { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi';
import {
  type ConnectOptions,
  connectClient,
  type Refusal,
  refusedHandshake,
  type WebSocketClient,
} from '@sluice/testkit';
import { SignatureV4 } from '@smithy/signature-v4';
import type { ScriptedBackEnd } from './back-end/back-end.js';
import type { Script } from './back-end/script.js';

/** Where the gateway under test is, and how to speak to it. */
export interface TargetOptions {
  /** `ws://127.0.0.1:8080` or `wss://…`, without API and stage. */
  address: string;
  /** Base of `@connections`; unset: the address with http(s). */
  management?: string;
  /** Full WebSocket addresses by API id, where they do not follow `{address}/{api}/{stage}`; `{stage}` is put in. */
  apis?: Record<string, string>;
  credentials: { accessKeyId: string; secretAccessKey: string };
  region: string;
  accountId: string;
  backEnd: ScriptedBackEnd;
}

export interface HandshakeOptions extends Omit<ConnectOptions, 'auth'> {
  stage?: string;
  query?: Record<string, string> | [name: string, value: string][];
  /** For the `$connect` integration. */
  script?: Script;
  /** For the authorizer. */
  auth?: Script;
}

/** The answer to a plain HTTP request. */
export interface Answer {
  status: number;
  headers: Headers;
  body: string;
}

/** The gateway as one rule sees it. What the rule opens is closed behind it. */
export class Target {
  private readonly clients: WebSocketClient[] = [];

  constructor(readonly options: TargetOptions) {}

  get backEnd(): ScriptedBackEnd {
    return this.options.backEnd;
  }

  /** WebSocket address of a stage. */
  url(api: string, { stage = 'dev', query, script, auth }: HandshakeOptions = {}): string {
    const template = this.options.apis?.[api] ?? `${this.options.address}/${api}/{stage}`;
    const parameters = new URLSearchParams(query);
    if (script !== undefined) parameters.set('script', JSON.stringify(script));
    if (auth !== undefined) parameters.set('auth', JSON.stringify(auth));
    const text = parameters.toString();
    return `${template.replace('{stage}', stage)}${text === '' ? '' : `?${text}`}`;
  }

  /** Base address of `@connections` of a stage. */
  managementUrl(api: string, stage = 'dev'): string {
    const { address, management, apis } = this.options;
    const own = apis?.[api]?.replace('{stage}', stage);
    if (own !== undefined) return own.replace(/^ws/, 'http');
    return `${management ?? address.replace(/^ws/, 'http')}/${api}/${stage}`;
  }

  connect(api: string, options: HandshakeOptions = {}): Promise<WebSocketClient> {
    const { stage, query, script, auth, ...rest } = options;
    return this.open(this.url(api, options), rest);
  }

  /** Connects to a whole address. */
  open(url: string, options: ConnectOptions = {}): Promise<WebSocketClient> {
    const opening = connectClient(url, options).then((client) => {
      this.clients.push(client);
      return client;
    });
    // A rule may fail before it comes to wait for this: the suite has to go on.
    opening.catch(() => {});
    return opening;
  }

  /** The answer to a handshake that must fail. */
  refused(api: string, options: HandshakeOptions = {}): Promise<Refusal> {
    const { stage, query, script, auth, ...rest } = options;
    return refusedHandshake(this.url(api, options), rest);
  }

  /** Connects to an API whose `$connect` runs, and tells the connection id from its event. */
  async connectKnown(
    api: string,
    options: HandshakeOptions = {},
  ): Promise<{ client: WebSocketClient; connectionId: string }> {
    const marker = newMarker();
    const query = [...new URLSearchParams(options.query), ['marker', marker] as [string, string]];
    const client = await this.connect(api, { ...options, query });
    const call = await this.backEnd.seen(
      'the CONNECT event',
      ({ event }) => event?.requestContext?.eventType === 'CONNECT' && event.queryStringParameters?.marker === marker,
    );
    return { client, connectionId: call.event.requestContext.connectionId };
  }

  sdk(api: string, stage = 'dev'): ApiGatewayManagementApiClient {
    const { region, credentials } = this.options;
    const endpoint = this.managementUrl(api, stage);
    return new ApiGatewayManagementApiClient({ endpoint, region, credentials: { ...credentials }, maxAttempts: 1 });
  }

  /** A request to `@connections`, signed unless told otherwise. `path` is put behind the stage, as it stands. */
  async management(
    api: string,
    method: string,
    path: string,
    { stage = 'dev', body, signed = true, headers = {}, ...signing }: ManagementOptions = {},
  ): Promise<Answer> {
    const url = new URL(`${this.managementUrl(api, stage)}${path}`);
    const all = signed ? await this.sign(method, url, body, headers, signing) : headers;
    const response = await fetch(url, { method, headers: all, ...(body === undefined ? {} : { body }) });
    return { status: response.status, headers: response.headers, body: await response.text() };
  }

  /** Headers of a signed request, from the AWS SDK's own signer. */
  async sign(
    method: string,
    url: URL,
    body?: string | Uint8Array,
    headers: Record<string, string> = {},
    { credentials = this.options.credentials, signingDate = new Date() }: Signing = {},
  ): Promise<Record<string, string>> {
    const { region } = this.options;
    const signer = new SignatureV4({ service: 'execute-api', region, credentials, sha256: Sha256 });
    const query: Record<string, string> = Object.fromEntries(url.searchParams);
    const request = {
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      port: url.port === '' ? undefined : Number(url.port),
      path: url.pathname,
      query,
      headers: { host: url.host, ...headers },
      ...(body === undefined ? {} : { body }),
    };
    const signed = await signer.sign(request as Parameters<typeof signer.sign>[0], { signingDate });
    const { host, ...rest } = signed.headers;
    return rest;
  }

  /** Ends what the rule has opened. */
  async leave(): Promise<void> {
    for (const client of this.clients.splice(0)) client.terminate();
  }
}

/** How a request is signed, where it is not the usual way. */
export interface Signing {
  /** Of another key than the one that may do everything. */
  credentials?: TargetOptions['credentials'] & { sessionToken?: string };
  signingDate?: Date;
}

export interface ManagementOptions extends Signing {
  stage?: string;
  body?: string | Uint8Array;
  signed?: boolean;
  headers?: Record<string, string>;
}

let markers = 0;

/** A text that no other rule uses. */
export function newMarker(): string {
  markers += 1;
  return createHash('sha1').update(`${process.pid} ${Date.now()} ${markers}`).digest('hex').slice(0, 16);
}
