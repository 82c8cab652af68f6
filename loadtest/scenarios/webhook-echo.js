import { stayingExecutor } from '../lib/timeline.js';
import { runEchoLoad } from './echo-load.js';

/** The canonical workload: message → bus → HTTP back end → answer. */
export const webhookEcho = {
  name: 'webhook-echo',
  does: 'clients send messages that an HTTP back end answers: the whole way of a message',
  defaults: { connections: 200, rate: 2_000, route: 'webhook' },
  latency: 'rtt_ms',
  executor: stayingExecutor,
  run: runEchoLoad,
};
