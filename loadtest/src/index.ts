export * from './api-file.js';
export * from './back-end-process.js';
export * from './k6-process.js';
export * from './load-result.js';
