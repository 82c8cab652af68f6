export * from './connection-store.js';
export { createMemoryConnectionStore } from './memory-connection-store.js';
export { createRedisConnectionStore, type RedisConnectionStoreOptions } from './redis-connection-store.js';
export type { ConnectionTiming } from './timing.js';
