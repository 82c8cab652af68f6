export * from './log-events.js';
export * from './metric-definitions.js';
export * from './metrics.js';
export * from './telemetry.js';
