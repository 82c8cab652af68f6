export * from './bullmq-jobs.js';
export * from './bus.js';
export * from './jobs.js';
export * from './memory-bus.js';
export * from './memory-jobs.js';
export * from './redis-bus.js';
