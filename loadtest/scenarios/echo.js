import { stayingExecutor } from '../lib/timeline.js';
import { runEchoLoad } from './echo-load.js';

export const echo = {
  name: 'echo',
  does: 'clients send messages that the gateway answers by itself (MOCK): no back end in the way',
  defaults: { connections: 200, rate: 4_000, route: 'mock' },
  latency: 'rtt_ms',
  executor: stayingExecutor,
  run: runEchoLoad,
};
