import type { Telemetry } from '@sluice/telemetry';

/** No connection opened or closed for this long: the process has opened all that its parts need. */
const quietMs = 2_000;

interface Connection {
  role: string;
  /** Whether it stands. */
  answers(): boolean;
}

interface Tally {
  readonly open: Set<Connection>;
  timer: NodeJS.Timeout | undefined;
  reported: boolean;
}

const tallies = new WeakMap<Telemetry, Tally>();

/**
 * Counts a connection of this process under its role; the function returned takes it off again. Once the process has opened
 * what it needs and all of it stands, one line of the log says how many there are: processes × this number × nodes of a
 * cluster must stay below 60 % of `maxclients` (OPERATIONS §4 rule 1).
 */
export function countRedisConnection(role: string, telemetry: Telemetry, answers: () => boolean): () => void {
  const tally = tallies.get(telemetry) ?? { open: new Set<Connection>(), timer: undefined, reported: false };
  tallies.set(telemetry, tally);
  const connection = { role, answers };
  tally.open.add(connection);
  reportWhenQuiet(tally, telemetry);
  return () => {
    tally.open.delete(connection);
    reportWhenQuiet(tally, telemetry);
  };
}

function reportWhenQuiet(tally: Tally, telemetry: Telemetry, wasAway = false): void {
  clearTimeout(tally.timer);
  if (tally.reported || tally.open.size === 0) return;
  tally.timer = setTimeout(() => {
    const connections = [...tally.open];
    const stands = connections.every((each) => each.answers());
    if (stands && !wasAway) report(tally, connections, telemetry);
    // The one that waited for Redis may stand since a moment only, and the process is about to open the others.
    else if (stands) reportWhenQuiet(tally, telemetry);
    else reportWhenQuiet(tally, telemetry, true);
  }, quietMs);
  tally.timer.unref();
}

function report(tally: Tally, connections: Connection[], { log }: Telemetry): void {
  tally.reported = true;
  const byRole = new Map<string, number>();
  for (const { role } of connections) byRole.set(role, (byRole.get(role) ?? 0) + 1);
  const roles = [...byRole].map(([role, count]) => `${role} ${count}`).sort();
  const { length: count } = connections;
  log.info(
    'bus.redis_connections',
    `Holds ${count} connections to Redis, on a cluster up to as many to each node: ${roles.join(', ')}`,
    { count },
  );
}
