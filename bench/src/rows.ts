/** What the benchmark prints, as data: the same object becomes the table, the JSON and the table in the README. */
export interface BenchResult {
  machine: { cpu: string; cores: number; system: string };
  versions: { sluice: string; node: string; redis: string; uWebSockets: string };
  commit: string;
  /** ISO 8601, to the second. */
  date: string;
  quick: boolean;
  rows: Row[];
  seconds: number;
}

export type Row = CostRow | MemoryRow | RoundTripRow | TracingRow;

/** Where the work runs: `raw` is the bare uWebSockets.js echo. */
export type Deployment = 'raw' | 'standalone' | 'cluster-1-edge' | 'cluster-2-edges';

export type Work =
  | (
      | 'raw echo'
      | 'MOCK'
      | 'HTTP'
      | 'HTTP with templates'
      | 'MOCK in order'
      | 'HTTP in order'
      | 'Lambda'
      | 'Lambda SigV4'
    )
  | ('POST unsigned' | 'POST SigV4')
  | HandshakeWork;

/** A handshake and the end of its connection. */
export type HandshakeWork = 'handshake' | 'handshake, $connect' | 'handshake, JWT' | 'handshake, JWT again';

export interface CostRow {
  kind: 'cost';
  work: Work;
  deployment: Deployment;
  /** Messages in flight per connection; of handshakes `handshakesAtOnce`. */
  inFlight: number;
  /** CPU µs per message by process. */
  microseconds: Record<string, number>;
  all: number;
  messagesPerSecond: number;
  generatorBusy: number;
  /** Times the raw echo with as many in flight. */
  ratio: number | undefined;
  budget: Budget | undefined;
}

export interface MemoryRow {
  kind: 'memory';
  deployment: Deployment;
  connections: number;
  /** Resident memory of the process that holds the sockets, per connection. */
  edgeBytes: number;
  /** Undefined without Redis. */
  redisBytes: number | undefined;
  edgeBudget: Budget | undefined;
  redisBudget: Budget | undefined;
}

export interface RoundTripRow {
  kind: 'round-trip';
  deployment: Deployment;
  samples: number;
  p50Ms: number;
  p99Ms: number;
  p50Budget: Budget;
  p99Budget: Budget;
}

/** What tracing adds to a message, against clusters that differ in nothing else and are measured in turn with it. */
export interface TracingRow {
  kind: 'tracing';
  work: Work;
  deployment: Deployment;
  inFlight: number;
  /** CPU µs per message without tracing. */
  off: number;
  rates: TracingRate[];
}

export interface TracingRate {
  /** Share of the messages that is recorded. */
  sampleRatio: number;
  /** CPU µs per message. */
  all: number;
  /** Median of the rounds' ratios, each to the round without tracing beside it. */
  ratio: number;
}

/** A limit from DESIGN, "Budgets", in the unit of the value it is for. */
export interface Budget {
  atMost: number;
  met: boolean;
}

export function budget(value: number, atMost: number): Budget {
  return { atMost, met: value <= atMost };
}

/** CPU µs per message that the gateway may take, by work, deployment and messages in flight; undefined where DESIGN names none. */
export function costBudget(work: CostRow['work'], deployment: Deployment, inFlight: number): number | undefined {
  if (work === 'POST unsigned') return 25;
  if (work === 'POST SigV4') return 50;
  if (deployment !== 'cluster-1-edge' && deployment !== 'cluster-2-edges') return undefined;
  if (work === 'HTTP') return inFlight === 1 ? 40 : 28;
  if (work === 'MOCK' && inFlight === 10) return 18;
  return undefined;
}

/** Clients of a handshake row, each with one in flight. */
export const handshakesAtOnce = 32;

export const edgeBytesBudget = 2.5 * 1_024;
export const redisBytesBudget = 300;
export const roundTripBudgetMs = { p50: 0.5, p99: 2 };
/** How much more a message may cost with more edge processes. */
export const flatWithin = 0.15;
