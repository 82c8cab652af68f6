import { Group } from '../lib/group.js';
import { stayingExecutor, timelineOf } from '../lib/timeline.js';

export const connectStorm = {
  name: 'connect-storm',
  does: 'all clients connect at RATE per second, as after the loss of a node, and stay for DURATION',
  // Under the edge's own bound of 500 per second; with more, 503 answers are tried again and show as handshakes_retried.
  defaults: {
    connections: 2_000,
    rate: 400,
    rampMs: ({ connections, rate }) => Math.ceil((connections / rate) * 1_000),
  },
  per: 'connection',
  window: ({ rampMs }) => ({ workFromMs: 0, workToMs: rampMs }),
  latency: 'connect_ms',
  executor: stayingExecutor,
  run: runConnectStorm,
};

function runConnectStorm({ settings }) {
  const timeline = timelineOf(settings);
  const group = new Group(settings);
  group.connect(timeline.spacingMs, () => ({ handlers: {} }));
  group.leaveAt(group.originMs + timeline.leaveFromMs, timeline);
}
