import { z } from 'zod';
import { oneOf, text, textLike, wholeNumber, yesOrNo } from './schema-kinds.js';

const pemFile = text(1, 4096).optional();

const tlsSchema = z
  .strictObject({
    enabled: yesOrNo()
      .default(true)
      .describe('Whether connections to Redis are over TLS. Without this map: where `url` is rediss://.'),
    caFile: pemFile.describe(
      'Certificate authorities (PEM) that signed the certificate of Redis, relative to this file. Unset: those that Node trusts.',
    ),
    certFile: pemFile.describe('Certificate (PEM) that the gateway shows, for a Redis that asks clients for one.'),
    keyFile: pemFile.describe('Its private key (PEM, without a passphrase).'),
    serverName: textLike(/^[A-Za-z0-9.-]{1,253}$/, 'a host name')
      .optional()
      .describe(
        'Name that the certificate has to be for, and that is sent as SNI. Unset: the host that is connected to.',
      ),
    rejectUnauthorized: yesOrNo()
      .default(true)
      .describe('Whether the certificate is checked. Off, whoever is on the way can read and change everything.'),
    sentinels: yesOrNo().default(true).describe('Whether the sentinels are reached over TLS too.'),
  })
  .describe('TLS to Redis. With an empty map, TLS with the certificate authorities that Node trusts.');

export const redisSchema = z
  .strictObject({
    url: textLike(/^rediss?:\/\/\S+$/, 'redis://[user:password@]host[:port][/database] or rediss://…')
      .optional()
      .describe('Where Redis or Valkey is; for Sentinel and Cluster only its credentials and TLS count.'),
    mode: oneOf(['standalone', 'sentinel', 'cluster']).default('standalone').describe('How it is deployed.'),
    nodes: z
      .array(textLike(/^(?:[A-Za-z0-9._-]+|\[[0-9a-fA-F:]+\]):\d{1,5}$/, 'host:port'), {
        error: 'allowed: a list of host:port',
      })
      .default([])
      .describe('Sentinels, or nodes of the cluster to start from, each `host:port`.'),
    sentinelName: text(1, 128).default('mymaster').describe('Name of the primary at the sentinels.'),
    sentinelUsername: text(1, 256).optional().describe('User at the sentinels, where they have ACLs.'),
    sentinelPassword: text(1, 1024)
      .optional()
      .describe(
        'Password of the sentinels; that of Redis is not tried there. Better given as SLUICE_REDIS_SENTINEL_PASSWORD.',
      ),
    tls: tlsSchema.optional(),
    username: text(1, 256).optional().describe('User for Redis ACLs; over the one in `url`.'),
    password: text(1, 1024).optional().describe('Over the one in `url`. Better given as SLUICE_REDIS_PASSWORD.'),
    keyPrefix: textLike(/^[A-Za-z0-9_.:-]{1,64}$/, '1 to 64 of A-Z, a-z, 0-9 and _.:-')
      .default('sluice')
      .describe('First part of every key, so that several gateways can share a Redis.'),
    shards: wholeNumber(1, 256, 'keys')
      .optional()
      .describe(
        'Keys that the frame stream is spread over. The same for all processes. Unset: 1, or 16 with a cluster.',
      ),
  })
  .optional()
  .describe('The cluster bus. Without it everything stays in one process.');
