export { redriveJob } from './redrive-dead-letters.js';
export { createRouter, type Router, type RouterParts } from './router.js';
