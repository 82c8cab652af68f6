import { at, nowMs } from '../lib/clock.js';
import { Group } from '../lib/group.js';
import { Member } from '../lib/member.js';
import { metrics } from '../lib/metrics.js';
import { Schedule } from '../lib/schedule.js';
import { stayingExecutor, timelineOf } from '../lib/timeline.js';

export const fanOut = {
  name: 'fan-out',
  does: 'rooms of SOCKETS_PER_VU members: each broadcast is one post to every member; RATE is in broadcasts of all rooms',
  defaults: { connections: 400, rate: 50 },
  mustBeZero: () => ['posts_failed', 'posts_throttled', 'false_410', 'false_200', 'out_of_order'],
  per: 'post',
  latency: 'fan_out_ms',
  executor: stayingExecutor,
  run: runFanOut,
};

function runFanOut({ settings, profile }) {
  const timeline = timelineOf(settings);
  const schedule = new Schedule(profile.curve, settings.rate, settings.durationMs);
  const group = new Group(settings);
  const room = new Room();
  group.connect(timeline.spacingMs, (index) => {
    const member = new Member({ settings, index, delivered: (_dueMs, { broadcast }) => room.delivered(broadcast) });
    room.members.push(member);
    return { handlers: member.handlers };
  });
  planBroadcasts(
    room,
    (turn) => schedule.timeOf(group.number + turn * timeline.groups),
    group.originMs + timeline.workFromMs,
  );
  group.leaveAt(group.originMs + timeline.leaveFromMs, timeline);
}

/** The members, and the broadcasts that have not reached all of them. */
class Room {
  constructor() {
    this.members = [];
    this.broadcasts = new Map();
  }

  /** Posts to all at once; what each post comes to is counted by its member. */
  broadcast(number, dueMs) {
    const reachable = this.members.filter((member) => member.client !== undefined && member.isReachable);
    metrics.skipped.add(this.members.length - reachable.length);
    this.broadcasts.set(number, { dueMs, waiting: reachable.length });
    for (const member of reachable) member.post(dueMs, { broadcast: number });
  }

  /** A broadcast took as long as its last member waited. */
  delivered(number) {
    const broadcast = this.broadcasts.get(number);
    broadcast.waiting -= 1;
    if (broadcast.waiting > 0) return;
    metrics.fanOut.add(nowMs() - broadcast.dueMs);
    this.broadcasts.delete(number);
  }
}

function planBroadcasts(room, dueOf, workFromMs, turn = 0) {
  const dueMs = dueOf(turn);
  if (dueMs === undefined) return;
  at(workFromMs + dueMs, () => {
    room.broadcast(turn, workFromMs + dueMs);
    planBroadcasts(room, dueOf, workFromMs, turn + 1);
  });
}
