export { createEdge, type Edge } from './edge.js';
export type { EdgeParts } from './edge-parts.js';
export { type DrainSettings, type EdgeSettings, edgeSettings } from './edge-settings.js';
