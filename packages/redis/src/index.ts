export type { ChainableCommander } from 'ioredis';
export * from './check-server.js';
export * from './connection-tally.js';
export * from './open-redis.js';
export * from './redis-link.js';
export * from './silence.js';
