export { accessLogDestinations } from './access-log-destinations.js';
export * from './address.js';
export * from './definition-store.js';
export { domainNameOf } from './host.js';
export { createMemoryDefinitionStore, type MemoryDefinitionStore } from './memory-definition-store.js';
export { resolveAddress } from './resolve-address.js';
export { routeSettingsOf } from './route-settings.js';
export type { SnapshotOptions } from './stage-snapshot.js';
