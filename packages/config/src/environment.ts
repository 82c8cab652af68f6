import { overrides } from './overrides.js';
import type { Problem } from './problems.js';
import { didYouMean } from './suggest.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Misspelt `SLUICE_` variables, which would otherwise silently set nothing. */
export function unknownVariables(env: Environment): { name: string; problem: Problem }[] {
  const known = overrides.map((each) => each.env);
  return Object.entries(env)
    .filter(([name, value]) => name.startsWith('SLUICE_') && !known.includes(name) && !isServiceLink(name, value))
    .map(([name]) => ({
      name,
      problem: {
        path: [],
        message: `is no known variable${didYouMean(name, known) || `; allowed: ${known.join(', ')}`}`,
      },
    }));
}

/** For a Service called sluice-…, Kubernetes puts SLUICE_…_PORT=tcp://… and the like into every pod of the namespace. */
function isServiceLink(name: string, value: string | undefined): boolean {
  return /_SERVICE_(?:HOST|PORT)(?:_|$)|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_|$)/.test(name) || isLinkValue(value);
}

function isLinkValue(value: string | undefined): boolean {
  return value !== undefined && /^(?:tcp|udp|sctp):\/\//.test(value);
}

/** Environment without what Kubernetes adds under our own names: a Service called `sluice` sets SLUICE_PORT=tcp://…. */
export function withoutServiceLinks(env: Environment): Environment {
  return Object.fromEntries(
    Object.entries(env).filter(([name, value]) => !name.startsWith('SLUICE_') || !isLinkValue(value)),
  );
}
