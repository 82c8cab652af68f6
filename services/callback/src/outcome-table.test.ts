import { type InboxCommand, limits, newConnectionId } from '@sluice/contracts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Outcome, OutcomeTable } from './outcome-table.js';
import { BusDouble, EdgeDouble, NodesDouble } from './testing/edge-double.js';

const replyTo = 'c1';
let bus: BusDouble;
let nodes: NodesDouble;
let table: OutcomeTable;
let outcomes: string[];

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  bus = new BusDouble();
  nodes = new NodesDouble();
  outcomes = [];
  table = new OutcomeTable({ bus: bus.bus, connections: nodes, replyTo, inflightMax: 3, deliveryTimeoutMs: 10_000 });
  await bus.openInbox(replyTo, { onCommands: table.onCommands, onLost: () => {} });
});
afterEach(() => {
  table.close();
  vi.useRealTimers();
});

const ask = (slot: number, connectionId = newConnectionId(slot)) =>
  table.ask(
    slot,
    { kind: 'POST', connectionId, apiId: 'chat', traceparent: undefined, body: Buffer.from('x') },
    (outcome: Outcome) => outcomes.push(outcome.result),
  );
/** Lets sends and promises that are due happen. */
async function settle() {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}
async function pass(ms: number) {
  for (let passed = 0; passed < ms; passed += limits.undeliveredRetryIntervalMs) {
    vi.advanceTimersByTime(limits.undeliveredRetryIntervalMs);
    await settle();
  }
}

describe('OutcomeTable', () => {
  it('[CB-23] no inbox and a dead node: gone at once', async () => {
    ask(9);
    await settle();
    expect(outcomes).toEqual(['gone']);
    expect(table.size).toBe(0);
  });

  it.each(['unknown', 'live'] as const)(
    '[CB-23] no inbox but a node that is %s: tried again until it is there',
    async (state) => {
      nodes.states.set(9, state);
      const edge = new EdgeDouble(bus, 9);
      ask(9, edge.connect('chat/dev'));
      await pass(4_000);
      expect(outcomes).toEqual([]);
      await edge.open();
      await pass(limits.undeliveredRetryIntervalMs * 2);
      expect(outcomes).toEqual(['ok']);
      expect(edge.commands).toHaveLength(1);
    },
  );

  it('[CB-23] no inbox, and it turns out that the node is dead: gone', async () => {
    nodes.states.set(9, 'unknown');
    ask(9);
    await pass(2_000);
    nodes.states.set(9, 'gone');
    await pass(500);
    expect(outcomes).toEqual(['gone']);
  });

  it('[CB-23] no inbox and nobody knows about the node: failed, never gone', async () => {
    nodes.states.set(9, 'unknown');
    ask(9);
    await pass(9_500);
    expect(outcomes).toEqual([]);
    await pass(750);
    expect(outcomes).toEqual(['failed']);
  });

  it('[CB-25] the bus refuses: failed at once', async () => {
    bus.fault = 'failed';
    ask(9);
    await settle();
    expect(outcomes).toEqual(['failed']);
  });

  it('[CB-23] taken and not acknowledged: gone within a second or so of the node’s death, else failed after the deadline', async () => {
    const edge = new EdgeDouble(bus, 9);
    await edge.open();
    edge.mode = 'silent';
    nodes.states.set(9, 'live');
    ask(9);
    await pass(5_000);
    expect(outcomes).toEqual([]);
    nodes.states.set(9, 'gone');
    await pass(1_250);
    expect(outcomes).toEqual(['gone']);

    nodes.states.set(9, 'live');
    ask(9);
    await pass(10_250);
    expect(outcomes).toEqual(['gone', 'failed']);
  });

  it('asks once for a node, however many wait for it', async () => {
    const edge = new EdgeDouble(bus, 9);
    await edge.open();
    edge.mode = 'silent';
    nodes.states.set(9, 'live');
    for (let i = 0; i < 3; i++) ask(9);
    await pass(limits.nodeStatePollIntervalMs + limits.undeliveredRetryIntervalMs);
    expect(nodes.asked).toBe(1);
    expect(table.full).toBe(true);
  });

  it('an outcome that comes late, twice, or after the caller went away settles nothing', async () => {
    const edge = new EdgeDouble(bus, 9);
    await edge.open();
    edge.mode = 'silent';
    const first = ask(9);
    const second = ask(9);
    table.forget(second);
    const outcome = (correlation: number): InboxCommand => ({
      kind: 'OUTCOME',
      correlation,
      result: 'ok',
      connection: undefined,
    });
    const { correlation } = first.command;
    table.onCommands([outcome(correlation), outcome(correlation), outcome(second.command.correlation), outcome(4_000)]);
    expect(outcomes).toEqual(['ok']);
    expect(table.size).toBe(0);
  });

  it('[PR-9] a node that dies right after renewing its lease is found dead within 15 s, even by an ask that waits already', () => {
    const foundMs = limits.leaseMs + limits.nodeStatePollIntervalMs + limits.undeliveredRetryIntervalMs;
    expect(foundMs).toBeLessThanOrEqual(15_000);
    // A remembered "alive" that outlasted a poll would answer every second one.
    expect(limits.nodeStateCacheMs).toBeLessThan(limits.nodeStatePollIntervalMs);
  });

  it('fails what is left when it closes, and leaves no timer', async () => {
    const edge = new EdgeDouble(bus, 9);
    await edge.open();
    edge.mode = 'silent';
    ask(9);
    table.close();
    expect(outcomes).toEqual(['failed']);
    expect(vi.getTimerCount()).toBe(0);
  });
});
