import { limits } from '@sluice/contracts';
import type { Kind } from './bench-run.js';
import type { Expectation } from './echo-load.js';
import type { GatewayConfigs } from './gateway-config.js';
import type { CostRow } from './rows.js';

/** A load of messages: which route they go to, and what has to come back. */
export interface Workload {
  work: CostRow['work'];
  action: string;
  expectation: Expectation;
  /** Messages in flight per connection, a row for each. */
  inFlight: readonly number[];
}

const both = [1, 10] as const;

export const rawWorkload: Workload = { work: 'raw echo', action: 'echo', expectation: 'echo', inFlight: both };

const mock: Workload = { work: 'MOCK', action: 'mock', expectation: 'fixed', inFlight: both };
const http: Workload = { work: 'HTTP', action: 'echo', expectation: 'echo', inFlight: both };

/** By kind, where one gateway can take one after the other. */
export const workloads = {
  mock: [mock],
  http: [http],
} satisfies Record<string, Workload[]>;

export const messageKinds = ['mock', 'http'] as const satisfies (keyof typeof workloads)[];

/** Each on gateways of its own, started with its configuration. */
export const workloadsApart: { kind: Kind; config: keyof GatewayConfigs; workload: Workload }[] = [
  // A router that has rendered templates collects more garbage afterwards: MOCK then cost 2.8 instead of 1.9 µs in it.
  {
    kind: 'template',
    config: 'open',
    workload: { work: 'HTTP with templates', action: 'mapped', expectation: 'echo', inFlight: both },
  },
  // One in flight is in order in any case.
  {
    kind: 'order',
    config: 'ordered',
    workload: { work: 'MOCK in order', action: 'mock', expectation: 'fixed', inFlight: [10] },
  },
  {
    kind: 'order',
    config: 'ordered',
    workload: { work: 'HTTP in order', action: 'echo', expectation: 'ordered echo', inFlight: [10] },
  },
  {
    kind: 'lambda',
    config: 'open',
    workload: { work: 'Lambda', action: 'lambda', expectation: 'echo', inFlight: both },
  },
  {
    kind: 'lambda',
    config: 'signing',
    workload: { work: 'Lambda SigV4', action: 'signed', expectation: 'echo', inFlight: both },
  },
];

/** More than a gateway keeps: taken in turn, each is one that it has forgotten. */
export const tokenCount = limits.verifiedTokensMax + 64;

/** Handshakes by the API that they go to (`gateway-config.ts`), and by how many tokens they take turns with. */
export const handshakeWorkloads: { work: CostRow['work']; api: string; tokens: number }[] = [
  { work: 'handshake', api: 'plain', tokens: 0 },
  { work: 'handshake, $connect', api: 'connect', tokens: 0 },
  { work: 'handshake, JWT', api: 'jwt', tokens: tokenCount },
  { work: 'handshake, JWT again', api: 'jwt', tokens: 64 },
];
