export * from './back-end.js';
export * from './cluster.js';
export * from './free-port.js';
export * from './gateway-process.js';
export * from './redis-server.js';
export * from './wait-for.js';
export * from './web-socket-client.js';
