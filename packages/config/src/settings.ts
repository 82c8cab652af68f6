import type { ApiDefinition, RedisSettings } from '@sluice/contracts';
import type { LogLevel, TracingSettings } from '@sluice/telemetry';

/** What a process runs as. `start` is all services in one process. */
export type Command = 'start' | 'edge' | 'router' | 'callback';

/** Everything a process needs to know, checked and complete: no member is optional, every default is filled in. */
export interface Settings {
  command: Command;
  /** Absolute path of the file that was read. */
  configFile: string;
  apis: ApiDefinition[];
  edge: EdgeProcessSettings;
  router: { inflightMax: number; drainWorkMs: number };
  callback: CallbackProcessSettings;
  admin: { host: string; port: number };
  /** Undefined: everything stays in this process. */
  redis: RedisSettings | undefined;
  auth: AuthSettings;
  /** Ranges (`10.0.0.0/8`) that back ends may have against the rules of egress. */
  egress: { allow: string[] };
  aws: { region: string; accountId: string };
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
