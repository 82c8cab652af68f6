/** How to reach Redis or Valkey, resolved by `packages/config`. */
export interface RedisSettings {
  mode: 'standalone' | 'sentinel' | 'cluster';
  /** `redis://` or `rediss://`, with user, password and database where needed (standalone; elsewhere only its credentials and TLS count). */
  url: string;
  /** Sentinels or cluster nodes to start from, `host:port`. */
  nodes: string[];
  /** Name of the primary at the sentinels. */
  sentinelName: string;
  /** What the sentinels want; they know nothing of the credentials in `url`. */
  sentinelUsername?: string | undefined;
  sentinelPassword?: string | undefined;
  /** Undefined: plain connections, or with a `rediss://` URL TLS with what Node trusts. */
  tls?: RedisTls | undefined;
  /** First part of every key, so that several gateways can share a Redis. */
  keyPrefix: string;
  /** How many keys the frame stream is spread over. */
  shards: number;
}

/** TLS to Redis, with the content of the files that the configuration names. */
export interface RedisTls {
  /** PEM. Undefined: what Node trusts. */
  ca?: string | undefined;
  /** PEM, both or none. */
  cert?: string | undefined;
  key?: string | undefined;
  /** Undefined: the host that is connected to. */
  serverName?: string | undefined;
  rejectUnauthorized: boolean;
  /** Whether the sentinels speak TLS too. */
  sentinels: boolean;
}
