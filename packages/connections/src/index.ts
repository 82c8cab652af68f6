export * from './connection-store.js';
