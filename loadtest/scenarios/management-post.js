import { at } from '../lib/clock.js';
import { Group } from '../lib/group.js';
import { Member } from '../lib/member.js';
import { metrics } from '../lib/metrics.js';
import { Schedule } from '../lib/schedule.js';
import { stayingExecutor, timelineOf } from '../lib/timeline.js';

export const managementPost = {
  name: 'management-post',
  does: 'a back end posts to connections through `@connections`, signed: 200 has to arrive, once and in order; 410 only once closed',
  defaults: { connections: 200, rate: 1_000 },
  mustBeZero: () => ['posts_failed', 'posts_throttled', 'false_410', 'false_200', 'out_of_order'],
  per: 'post',
  latency: 'delivery_ms',
  executor: stayingExecutor,
  run: ({ settings, profile }) => runPosts({ settings, profile }),
};

/** Posts to each client at fixed times. `optionsOf(index)` may give a client another address, and say that it is slow. */
export function runPosts({ settings, profile }, optionsOf = () => ({})) {
  const timeline = timelineOf(settings);
  const schedule = new Schedule(profile.curve, settings.rate, settings.durationMs);
  const group = new Group(settings);
  const workFromMs = group.originMs + timeline.workFromMs;
  group.connect(timeline.spacingMs, (index) => {
    const { isSlow = false, ...options } = optionsOf(index);
    const member = new Member({ settings, index, isSlow });
    planPosts(member, (turn) => schedule.timeOf(index + turn * settings.connections), workFromMs);
    return { ...options, handlers: member.handlers };
  });
  group.leaveAt(group.originMs + timeline.leaveFromMs, timeline);
}

function planPosts(member, dueOf, workFromMs, turn = 0) {
  const dueMs = dueOf(turn);
  if (dueMs === undefined) return;
  at(workFromMs + dueMs, () => {
    if (member.client !== undefined && member.isReachable) member.post(workFromMs + dueMs);
    else metrics.skipped.add(1);
    planPosts(member, dueOf, workFromMs, turn + 1);
  });
}
