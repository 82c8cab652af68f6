export * from './rate-keeper.js';
