import { Conversation } from '../lib/conversation.js';
import { Group } from '../lib/group.js';
import { Schedule } from '../lib/schedule.js';
import { timelineOf } from '../lib/timeline.js';

/** Clients that stay and send; every answer is held against its message. What echo, webhook-echo and drain-under-load have in common. */
export function runEchoLoad({ settings, profile }) {
  const timeline = timelineOf(settings);
  const schedule = new Schedule(profile.curve, settings.rate, settings.durationMs);
  const group = new Group(settings);
  const workFromMs = group.originMs + timeline.workFromMs;
  group.connect(timeline.spacingMs, (index) => {
    // Each client has every `connections`-th message of the schedule.
    const dueOf = (turn) => {
      const dueMs = schedule.timeOf(index + turn * settings.connections);
      return dueMs === undefined ? undefined : workFromMs + dueMs;
    };
    return { handlers: new Conversation({ settings, index, dueOf }).handlers };
  });
  group.leaveAt(group.originMs + timeline.leaveFromMs, timeline);
}
