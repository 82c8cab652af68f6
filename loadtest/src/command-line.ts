import { parseArgs } from 'node:util';

export interface LoadOptions {
  /** Those of them that were asked for. */
  given: Record<string, string>;
  /** Variables of the run, as `k6 run -e` would get them. */
  variables: Record<string, string>;
  edges: number;
  routers: number;
  json: boolean;
  out: string | undefined;
  writeDocs: boolean;
  help: boolean;
}

/** Flags that are short for a variable. */
const variableFlags = {
  scenario: 'SCENARIO',
  profile: 'PROFILE',
  'edge-url': 'EDGE_URL',
  'callback-url': 'CALLBACK_URL',
  'back-end-url': 'BACK_END_URL',
  'slow-edge-url': 'SLOW_EDGE_URL',
  api: 'API',
  stage: 'STAGE',
  connections: 'CONNECTIONS',
  rate: 'RATE',
  duration: 'DURATION',
  seed: 'SEED',
} as const;

/** The workload that numbers are compared by: the whole way of a message, at half of what two cores can do with k6 on them. */
export const canonical = { SCENARIO: 'webhook-echo', PROFILE: 'load', DURATION: '30s' };

export const usage = `npm run loadtest [-- options]

Without options: webhook-echo, 200 connections, 2,000 messages a second for 30 s, against a cluster of its own on this machine
(Redis, edge, router, callback service and back end, a process each).

  --scenario NAME       connect-storm, idle-hold, echo, webhook-echo, management-post, fan-out, churn, slow-consumer, drain-under-load
  --profile NAME        smoke (1 min), load (10 min), stress, spike, soak (1 h)
  --edge-url URLS       a gateway that is up, ws://… or wss://…, instead of a cluster of its own; several by comma
  --callback-url URLS   where @connections of it is called; unset: the edge
  --back-end-url URL    loadtest/back-end/server.mjs of it, to check the counts against what it saw
  --slow-edge-url URL   its slow link, for slow-consumer
  --api ID --stage NAME the path on it
  --connections N  --rate N  --duration 90s  --seed TEXT
  --set NAME=VALUE      any other variable of loadtest/README.md; may be given again
  --edges N --routers N processes of the own cluster, 1 each
  --out DIR             write summary.json and summary.html there
  --json                print the result as JSON (progress goes to stderr in any case)
  --write-docs          run the workloads of docs/operate/load-tests.md and put their figures there; with --profile or --duration: at that
  --help                this text

Exit code 0: all thresholds hold; 99: one was crossed; 2: a wrong option; 1: anything else.`;

/** Reads the options; throws where one is unknown or has a wrong form. */
export function readOptions(args: string[]): LoadOptions {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: {
      ...(Object.fromEntries(Object.keys(variableFlags).map((flag) => [flag, text])) as Record<
        keyof typeof variableFlags,
        { type: 'string' }
      >),
      set: { type: 'string', multiple: true, default: [] },
      edges: { type: 'string', default: '1' },
      routers: { type: 'string', default: '1' },
      out: text,
      json: { type: 'boolean', default: false },
      'write-docs': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const given: Record<string, string> = {};
  for (const [flag, name] of Object.entries(variableFlags)) {
    const value = values[flag as keyof typeof variableFlags];
    if (value !== undefined) given[name] = value;
  }
  for (const pair of values.set) {
    const at = pair.indexOf('=');
    if (at < 1) throw new Error(`--set ${pair}: it has to be NAME=VALUE`);
    given[pair.slice(0, at)] = pair.slice(at + 1);
  }
  return {
    given,
    variables: given['SCENARIO'] === undefined && given['PROFILE'] === undefined ? { ...canonical, ...given } : given,
    edges: processCount('--edges', values.edges),
    routers: processCount('--routers', values.routers),
    json: values.json,
    out: values.out,
    writeDocs: values['write-docs'],
    help: values.help,
  };
}

function processCount(flag: string, text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 16) throw new Error(`${flag} is "${text}"; allowed: 1 to 16`);
  return count;
}
