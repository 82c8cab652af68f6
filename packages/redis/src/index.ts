export type { ChainableCommander } from 'ioredis';
export * from './open-redis.js';
