import { isIP } from 'node:net';
import { type ConnectionOptions, checkServerIdentity } from 'node:tls';
import type { RedisSettings, RedisTls } from '@sluice/contracts';
import type { RedisOptions } from 'ioredis';

/** What makes the connections to Redis itself TLS; nothing where they are plain. */
export function tlsOptions(settings: RedisSettings): RedisOptions {
  const tls = tlsOf(settings);
  if (tls === undefined) return {};
  // Without the second, ioredis asks the sentinels and then speaks plain text to the primary.
  return {
    tls: connectionOptions(tls, settings),
    ...(settings.mode === 'sentinel' ? { enableTLSForSentinelMode: true } : {}),
  };
}

/** What the sentinels want to see. */
export function sentinelOptions(settings: RedisSettings): RedisOptions {
  const { sentinelUsername, sentinelPassword } = settings;
  const tls = tlsOf(settings);
  return {
    ...(sentinelUsername === undefined ? {} : { sentinelUsername }),
    ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
    ...(tls?.sentinels === true ? { sentinelTLS: connectionOptions(tls, settings) } : {}),
  };
}

function tlsOf({ tls, url }: RedisSettings): RedisTls | undefined {
  return tls ?? (url.startsWith('rediss:') ? { rejectUnauthorized: true, sentinels: true } : undefined);
}

function connectionOptions(tls: RedisTls, settings: RedisSettings): ConnectionOptions {
  const { ca, cert, key, rejectUnauthorized } = tls;
  const names = configuredNames(settings);
  const serverName = tls.serverName ?? (settings.mode === 'standalone' ? names[0] : undefined);
  return {
    rejectUnauthorized,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? { checkServerIdentity: identityAmong(names) } : { servername: serverName }),
  };
}

/** Host names in the configuration; an address is none, and may not be sent as SNI either. */
function configuredNames({ mode, url, nodes }: RedisSettings): string[] {
  const hosts =
    mode === 'standalone' ? [new URL(url).hostname] : nodes.map((node) => node.slice(0, node.lastIndexOf(':')));
  return hosts.filter((host) => isIP(host.replace(/^\[|\]$/g, '')) === 0);
}

/**
 * Nodes of a cluster and primaries are found by asking, and are often named by address, of which a certificate says nothing: it then has
 * to be for one of the names that the operator has configured. A node that is named by name has to show that very name.
 */
function identityAmong(names: string[]): typeof checkServerIdentity {
  return (host, certificate) => {
    const error = checkServerIdentity(host, certificate);
    if (error === undefined || isIP(host) === 0) return error;
    return names.some((name) => checkServerIdentity(name, certificate) === undefined) ? undefined : error;
  };
}
