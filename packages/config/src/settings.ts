import type {
  AccountLimits,
  ApiDefinition,
  ForwardedHeader,
  RedisSettings,
  SharedDefinitions,
} from '@sluice/contracts';
import type { LogLevel, TracingSettings } from '@sluice/telemetry';

/** What a process runs as. `start` is all services in one process. */
export type Command = 'start' | 'edge' | 'router' | 'callback';

/** Everything a process needs to know, checked and complete: no member is optional, every default is filled in. */
export interface Settings {
  command: Command;
  /** Absolute path of the file that was read. */
  configFile: string;
  apis: ApiDefinition[];
  /** Custom domains, API keys and usage plans. */
  shared: SharedDefinitions;
  /** Where functions are invoked. */
  lambda: LambdaSettings;
  /** What all APIs may take together. */
  account: AccountLimits;
  edge: EdgeProcessSettings;
  router: { inflightMax: number; disconnectAttemptsMax: number; drainWorkMs: number };
  callback: CallbackProcessSettings;
  admin: { host: string; port: number };
  /** Undefined: everything stays in this process. */
  redis: RedisSettings | undefined;
  auth: AuthSettings;
  /** Ranges (`10.0.0.0/8`) that back ends may have against the rules of egress. */
  egress: { allow: string[] };
  aws: AwsSettings;
  /** Whether files that the settings come from are watched, and taken over when they change. */
  reload: { watch: boolean };
  log: { level: LogLevel };
  tracing: TracingSettings;
  /** What is allowed and still worth a line in the log at start. */
  warnings: string[];
}

export interface EdgeProcessSettings {
  host: string;
  port: number;
  maxConnections: number;
  handshakesPerSecondMax: number;
  handshakesBurstMax: number;
  /** Ranges (`10.0.0.0/8`) of proxies whose `X-Forwarded-…` headers are believed. */
  trustedProxies: string[];
  /** A further port for the PROXY protocol; undefined for none. */
  proxyProtocol: { host: string; port: number; trustedProxies: string[] } | undefined;
  /** Which headers they write. */
  forwardedHeader: ForwardedHeader;
  drain: DrainSettings;
  /** Content of the page at `GET /`; undefined for none. */
  pageHtml: string | undefined;
}

/** The steps of an edge's drain (OPERATIONS §3). */
export interface DrainSettings {
  holdMs: number;
  windowMs: number;
  settleMs: number;
}

export interface CallbackProcessSettings {
  host: string;
  port: number;
  /** How long it serves on after SIGTERM, ending each connection with its answer. */
  drainHoldMs: number;
  drainWorkMs: number;
  /** Whether 413 answers have no body, as some captures show. */
  strict413: boolean;
}

export interface AuthSettings {
  callback: 'sigv4' | 'none';
  keys: AccessKey[];
}

export interface AccessKey {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string | undefined;
  /** ARN patterns of what the key may do; `*` is everything. */
  allow: string[];
}

export interface AwsSettings {
  region: string;
  accountId: string;
  /** Undefined: AWS integrations cannot be called, functions are called unsigned. */
  credentials: AwsCredentials | undefined;
  /** By service name, http(s) URLs. */
  endpoints: Record<string, string>;
}

export interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string | undefined;
}

export interface LambdaSettings {
  /** Base URL that speaks the Lambda Invoke API, for functions that are not listed. */
  endpoint: string | undefined;
  /** By function name, `name:alias` or ARN: with a path called as it is, without one as the Invoke API. */
  functions: Record<string, string>;
}
