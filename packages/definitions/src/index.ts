export * from './address.js';
export * from './definition-store.js';
