import { all, at, type Override, override } from './override.js';

const ofRedis = (...path: string[]) => at('redis', ...path);

/** How Redis is reached. All of it can be given as variables, so that a chart's values and secrets need no configuration file. */
export const redisOverrides: readonly Override[] = [
  override(
    'redis',
    'url',
    'SLUICE_REDIS_URL',
    ofRedis('url'),
    all,
    'Redis or Valkey: the cluster bus, redis://host:6379',
  ),
  variable('text', 'SLUICE_REDIS_MODE', 'mode', 'how it is deployed: standalone, sentinel or cluster'),
  variable('list', 'SLUICE_REDIS_NODES', 'nodes', 'sentinels or cluster nodes, host:port,host:port'),
  variable('text', 'SLUICE_REDIS_USERNAME', 'username', 'user for Redis'),
  variable('text', 'SLUICE_REDIS_PASSWORD', 'password', 'password for Redis'),
  variable('text', 'SLUICE_REDIS_SENTINEL_NAME', 'sentinelName', 'name of the primary at the sentinels'),
  variable('text', 'SLUICE_REDIS_SENTINEL_USERNAME', 'sentinelUsername', 'user for the sentinels'),
  variable('text', 'SLUICE_REDIS_SENTINEL_PASSWORD', 'sentinelPassword', 'password for the sentinels'),
  ofTls('boolean', 'SLUICE_REDIS_TLS', 'enabled', 'whether connections are over TLS: true or false'),
  ofTls('file', 'SLUICE_REDIS_TLS_CA_FILE', 'caFile', 'certificate authorities that signed the certificate of Redis'),
  ofTls('file', 'SLUICE_REDIS_TLS_CERT_FILE', 'certFile', 'certificate of this client'),
  ofTls('file', 'SLUICE_REDIS_TLS_KEY_FILE', 'keyFile', 'its private key'),
  ofTls('text', 'SLUICE_REDIS_TLS_SERVER_NAME', 'serverName', 'name that the certificate of Redis has to be for'),
  ofTls(
    'boolean',
    'SLUICE_REDIS_TLS_REJECT_UNAUTHORIZED',
    'rejectUnauthorized',
    'whether that certificate is checked: true or false',
  ),
  variable('number', 'SLUICE_REDIS_SHARDS', 'shards', 'keys the frame stream is spread over'),
  variable('text', 'SLUICE_REDIS_KEY_PREFIX', 'keyPrefix', 'first part of every key in Redis'),
];

function variable(valueName: string, env: string, key: string, description: string): Override {
  return override(undefined, valueName, env, ofRedis(key), all, description);
}

function ofTls(valueName: string, env: string, key: string, description: string): Override {
  return override(undefined, valueName, env, ofRedis('tls', key), all, description);
}
