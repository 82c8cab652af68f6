import { all, at, type Override, override } from './override.js';
import { redisOverrides } from './redis-overrides.js';
import type { Command } from './settings.js';

const edges: readonly Command[] = ['start', 'edge'];
const listeners: readonly Command[] = ['start', 'edge', 'callback'];
const callers: readonly Command[] = ['start', 'router'];
const workers: readonly Command[] = ['start', 'router', 'callback'];

const listenerOf = (command: Command) => (command === 'callback' ? 'callback' : 'edge');

export const overrides: readonly Override[] = [
  override('config', 'file', 'SLUICE_CONFIG', () => undefined, all, 'configuration file; default sluice.yaml'),
  override(
    'host',
    'address',
    'SLUICE_HOST',
    (command) => [listenerOf(command), 'host'],
    listeners,
    'address to listen on',
  ),
  override('port', 'number', 'SLUICE_PORT', (command) => [listenerOf(command), 'port'], listeners, 'port to listen on'),
  override('admin-host', 'address', 'SLUICE_ADMIN_HOST', at('admin', 'host'), all, 'address of health and metrics'),
  override('admin-port', 'number', 'SLUICE_ADMIN_PORT', at('admin', 'port'), all, 'port of health and metrics'),
  override(
    'auth',
    'mode',
    'SLUICE_AUTH_CALLBACK',
    at('auth', 'callback'),
    listeners,
    'access to @connections: sigv4 or none',
  ),
  override(
    'auth-keys-file',
    'file',
    'SLUICE_AUTH_KEYS_FILE',
    at('auth', 'keysFile'),
    all,
    'file with keys for @connections and AWS_IAM',
  ),
  override('log-level', 'level', 'SLUICE_LOG_LEVEL', at('log', 'level'), all, 'debug, info, warn, error or silent'),
  override(
    'reload-watch',
    'boolean',
    'SLUICE_RELOAD_WATCH',
    at('reload', 'watch'),
    all,
    'whether changed files are taken over without a SIGHUP: true or false',
  ),
  override(
    'max-connections',
    'number',
    'SLUICE_MAX_CONNECTIONS',
    at('edge', 'maxConnections'),
    edges,
    'sockets held at most',
  ),
  override(
    'drain-hold-ms',
    'ms',
    'SLUICE_DRAIN_HOLD_MS',
    at('drain', 'holdMs'),
    edges,
    'wait on SIGTERM before the first close',
  ),
  override(
    'drain-window-ms',
    'ms',
    'SLUICE_DRAIN_WINDOW_MS',
    at('drain', 'windowMs'),
    edges,
    'time over which connections are closed',
  ),
  override(
    'drain-settle-ms',
    'ms',
    'SLUICE_DRAIN_SETTLE_MS',
    at('drain', 'settleMs'),
    edges,
    'wait for the last close handshakes',
  ),
  override(
    'drain-work-ms',
    'ms',
    'SLUICE_DRAIN_WORK_MS',
    at('drain', 'workMs'),
    workers,
    'time to finish work in flight',
  ),
  override(
    'lambda-endpoint',
    'url',
    'SLUICE_LAMBDA_ENDPOINT',
    at('lambda', 'endpoint'),
    callers,
    'where functions are invoked',
  ),
  override(undefined, 'text', 'SLUICE_AWS_REGION', at('aws', 'region'), all, 'region in ARNs and signatures'),
  override(
    undefined,
    'text',
    'SLUICE_AWS_ACCESS_KEY_ID',
    at('aws', 'credentials', 'accessKeyId'),
    callers,
    'what calls of functions and AWS services are signed with',
  ),
  override(
    undefined,
    'text',
    'SLUICE_AWS_SECRET_ACCESS_KEY',
    at('aws', 'credentials', 'secretAccessKey'),
    callers,
    'its secret',
  ),
  override(
    undefined,
    'text',
    'SLUICE_AWS_SESSION_TOKEN',
    at('aws', 'credentials', 'sessionToken'),
    callers,
    'its session token, for temporary credentials',
  ),
  override(
    undefined,
    'file',
    'SLUICE_AWS_CREDENTIALS_FILE',
    at('aws', 'credentialsFile'),
    callers,
    'file with credentials for AWS',
  ),
  override(undefined, 'file', 'SLUICE_API_KEYS_FILE', at('apiKeysFile'), all, 'file with API keys of clients'),
  ...redisOverrides,
];
