import { Conversation } from '../lib/conversation.js';
import { Group, leaveWhenQuiet } from '../lib/group.js';
import { arrivalStages, factorAt } from '../lib/schedule.js';

export const churn = {
  name: 'churn',
  does: 'clients come at RATE per second, say one thing each, live for LIFETIME on average and leave: every $connect has its $disconnect',
  defaults: {
    rate: 100,
    route: 'webhook',
    connectionsOf: ({ rate, lifetimeMs }) => Math.ceil((rate * lifetimeMs) / 1_000),
  },
  per: 'connection',
  window: ({ durationMs }) => ({ workFromMs: 0, workToMs: durationMs }),
  latency: 'connect_ms',
  executor: churnExecutor,
  run: runChurn,
};

/** On top of the longest life: answers, handshake retries, and what a busy machine is late with. */
const marginMs = 20_000;

/** Groups arrive; how many are there at once follows from how long they live. */
function churnExecutor(settings, { curve }) {
  const groupsPerSecond = settings.rate / settings.socketsPerVu;
  const peak = Math.max(...curve.flatMap(({ from, to }) => [from, to]));
  const lifeMs =
    1.5 * settings.lifetimeMs + (settings.socketsPerVu / settings.rate) * 1_000 + 2 * settings.graceMs + 2_000;
  const vus = Math.ceil((groupsPerSecond * peak * lifeMs) / 1_000) + 2;
  return {
    executor: 'ramping-arrival-rate',
    ...arrivalStages(curve, groupsPerSecond, settings.durationMs),
    preAllocatedVUs: vus,
    maxVUs: 2 * vus,
    gracefulStop: `${Math.ceil(lifeMs + marginMs)}ms`,
  };
}

function runChurn({ settings, profile }) {
  const group = new Group(settings, { size: settings.socketsPerVu });
  const factor = factorAt(profile.curve, settings.durationMs, group.startedMs - group.originMs);
  group.connect(1_000 / (settings.rate * Math.max(factor, 0.01)), (index, random, dueMs) => {
    const lifeMs = settings.lifetimeMs * (0.5 + random());
    // In the first half of the life, so that the answer is long there when the client leaves.
    const sayAtMs = dueMs + (lifeMs / 2) * random();
    const talk = new Conversation({ settings, index, dueOf: (turn) => (turn === 0 ? sayAtMs : undefined) });
    const open = (client) => {
      if (client.openedCount === 1) leaveWhenQuiet(client, dueMs + lifeMs, 2 * settings.graceMs);
      talk.open(client);
    };
    return { handlers: { ...talk.handlers, open } };
  });
}
