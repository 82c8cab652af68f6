import { nowMs } from '../lib/clock.js';
import { Group } from '../lib/group.js';
import { stayingExecutor, timelineOf } from '../lib/timeline.js';

/** An application that wants to stay connected does something more often than idleTimeoutMs (10 minutes). */
const pingIntervalMs = 240_000;

export const idleHold = {
  name: 'idle-hold',
  does: 'clients connect and stay silent but for a ping every 4 minutes: what does a connection cost, and does it live?',
  defaults: { connections: 5_000, rate: 1 },
  per: 'connection',
  latency: 'connect_ms',
  executor: stayingExecutor,
  run: runIdleHold,
};

function runIdleHold({ settings }) {
  const timeline = timelineOf(settings);
  const group = new Group(settings);
  group.connect(timeline.spacingMs, () => ({ handlers: {} }));
  const leaveAtMs = group.originMs + timeline.leaveFromMs;
  const pings = setInterval(() => {
    for (const client of group.clients) if (client.isOpen && nowMs() < leaveAtMs) client.socket.ping();
  }, pingIntervalMs);
  group.ended = () => clearInterval(pings);
  group.leaveAt(leaveAtMs, timeline);
}
