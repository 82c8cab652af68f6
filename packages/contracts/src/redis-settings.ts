/** How to reach Redis or Valkey, resolved by `packages/config`. */
export interface RedisSettings {
  mode: 'standalone' | 'sentinel' | 'cluster';
  /** `redis://` or `rediss://`, with user, password and database where needed (standalone; elsewhere only its credentials and TLS count). */
  url: string;
  /** Sentinels or cluster nodes to start from, `host:port`. */
  nodes: string[];
  /** Name of the primary at the sentinels. */
  sentinelName: string;
  /** First part of every key, so that several gateways can share a Redis. */
  keyPrefix: string;
  /** How many keys the frame stream is spread over. */
  shards: number;
}
