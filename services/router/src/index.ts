export { redriveJob } from './redrive-dead-letters.js';
export { createRouter, type Router } from './router.js';
export type { RouterAws, RouterParts } from './router-parts.js';
