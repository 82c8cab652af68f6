import { stayingExecutor } from '../lib/timeline.js';
import { runEchoLoad } from './echo-load.js';

/**
 * Somebody else drains edges meanwhile: a rolling update, a SIGTERM. What may be seen of it is 1001, a connect, and messages that were sent into
 * a closing socket; nothing else.
 */
export const drainUnderLoad = {
  name: 'drain-under-load',
  does: 'webhook-echo while edges are drained or rolled: only 1001, every client comes back, nothing accepted is lost',
  defaults: { connections: 200, rate: 500, route: 'webhook' },
  // Messages that fall due while a client looks for another edge are not sent.
  isDisturbed: true,
  latency: 'rtt_ms',
  executor: stayingExecutor,
  run: runEchoLoad,
};
