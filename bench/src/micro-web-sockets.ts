import { createRequire } from 'node:module';

/** uWebSockets.js is CommonJS without names that ESM could see, and its typings know no default export. */
export const uWebSockets = createRequire(import.meta.url)('uWebSockets.js') as typeof import('uWebSockets.js');
