export { createMemoryRateKeeper, type MemoryRateKeeperOptions } from './memory-rate-keeper.js';
export * from './rate-keeper.js';
export { createRedisRateKeeper, type RedisRateKeeperOptions } from './redis-rate-keeper.js';
