import { afterEach, describe, expect, it } from 'vitest';
import { Egress } from '../egress.js';
import type { IntegrationOutcome } from '../integration.js';
import { brokenScripts, validScripts } from './hostile-scripts.fixture.js';
import { HostileServer, pause, type Script, seeded } from './hostile-server.fixture.js';
import { OriginPool } from './origin-pool.js';
import { TimingWheel } from './timing-wheel.js';

interface Case {
  name: string;
  script: Script;
  body: string;
  seed: number;
  timeoutMs: number;
  /** Codes the call may fail with; empty where it has to succeed. */
  codes: string[];
  mayAnswer: boolean;
  outcomes: IntegrationOutcome[];
  tookMs: number;
}

const seed = 20_260_101;
const wheel = new TimingWheel();
const access = new Egress().access('127.0.0.1', 'written');
let server: HostileServer | undefined;

afterEach(async () => {
  await server?.close();
  wheel.stop();
});

function makeCases(count: number, random: () => number, brokenShare: number): Case[] {
  const valid = Object.entries(validScripts);
  const broken = Object.entries(brokenScripts);
  return Array.from({ length: count }, (_, index) => {
    const isBroken = random() < brokenShare;
    const [name, entry] = (isBroken ? broken[Math.floor(random() * broken.length)] : undefined) ?? ['', undefined];
    const [validName, validScript] = valid[Math.floor(random() * valid.length)] ?? ['', undefined];
    const script = entry?.script ?? validScript;
    if (script === undefined) throw new Error('no script');
    const size = random() < 0.05 ? Math.floor(random() * 300_000) : Math.floor(random() * 300);
    return {
      name: entry === undefined ? validName : name,
      script,
      body: `${index}:${'y'.repeat(size)}`,
      seed: Math.floor(random() * 2 ** 32),
      timeoutMs: entry?.codes.includes('integration_timeout') ? 150 + Math.floor(random() * 150) : 8_000,
      codes: entry?.codes ?? [],
      mayAnswer: entry === undefined || entry.mayAnswer === true,
      outcomes: [],
      tookMs: 0,
    };
  });
}

/** Runs all cases through one pool, `concurrency` at a time, and waits until every one has settled. */
async function run(pool: OriginPool, cases: Case[], concurrency: number): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < cases.length; index = next++) {
      const each = cases[index] as Case;
      const startedAtMs = performance.now();
      await new Promise<void>((resolve) => {
        const body = Buffer.from(`${index}:request`);
        const head = `POST /x HTTP/1.1\r\nHost: x\r\nx-case: ${index}\r\nContent-Length: ${body.length}\r\n\r\n`;
        const expectation = { headOnly: false, keepHeaders: index % 3 === 0, keepBody: true };
        pool.send({ head, body, timeoutMs: each.timeoutMs, expectation }, (outcome) => {
          each.outcomes.push(outcome);
          each.tookMs = performance.now() - startedAtMs;
          resolve();
        });
      });
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

function describeWrong(each: Case, index: number): string | undefined {
  const [outcome] = each.outcomes;
  const where = `case ${index} (${each.name}, seed ${seed}): `;
  if (outcome === undefined || each.outcomes.length !== 1) return `${where}settled ${each.outcomes.length} times`;
  if (each.tookMs > each.timeoutMs + 2_000) return `${where}took ${each.tookMs} ms of ${each.timeoutMs}`;
  if (outcome.ok) {
    if (Buffer.from(outcome.body).toString('latin1') !== each.body) return `${where}got the answer of somebody else`;
    return each.mayAnswer ? undefined : `${where}was taken for an answer`;
  }
  return each.codes.includes(outcome.code) ? undefined : `${where}${outcome.code} (${outcome.detail})`;
}

async function start(cases: Case[]): Promise<{ pool: OriginPool; server: HostileServer }> {
  const started = new HostileServer((index) => cases[index] as Case);
  server = started;
  const port = await started.listen();
  return {
    server: started,
    pool: new OriginPool(wheel, '127.0.0.1', port, access, { connectionsMax: 48, waitingMax: 5_000 }),
  };
}

async function expectAllReleased(pool: OriginPool, started: HostileServer): Promise<void> {
  pool.close();
  await pause(200);
  expect(pool.counts).toEqual({ sockets: 0, idle: 0, waiting: 0 });
  expect(wheel.size).toBe(0);
  expect(started.open).toBe(0);
}

describe('fast lane against hostile servers', () => {
  it('gives every request its own answer or a failure, once, in time (2,400 cases)', async () => {
    const cases = makeCases(2_400, seeded(seed), 0.5);
    const { pool, server: started } = await start(cases);
    await run(pool, cases, 120);
    await pause(100);
    const wrong = cases.map(describeWrong).filter((text) => text !== undefined);
    const answered = cases.filter((each) => each.outcomes[0]?.ok).length;
    const repeated = [...started.seen.values()].filter((times) => times > 1).length;
    console.log(
      `fast lane fuzz: ${cases.length} cases, ${answered} answered, ${cases.length - answered} failed as they must, ` +
        `${repeated} sent twice, ${started.connections} connections, ${new Set(cases.map((each) => each.name)).size} scripts`,
    );
    expect(wrong.slice(0, 10)).toEqual([]);
    expect(started.violations).toEqual([]);
    expect(Math.max(...started.seen.values())).toBeLessThanOrEqual(2);
    await expectAllReleased(pool, started);
  });

  it('never mixes up two answers when stray bytes follow an answer later (600 cases)', async () => {
    // Bytes that come while nothing was asked end the connection. If the next request is already on its way, they are read as
    // the beginning of its answer, and it fails: the one thing that must not happen is that it succeeds with them. (A server
    // that writes them into the middle of the next answer, or as a whole valid answer, cannot be told from one that answers.)
    const cases = makeCases(600, seeded(seed + 1), 0);
    for (const [index, each] of cases.entries()) {
      each.name = 'late bytes';
      each.script = async (peer, body) => {
        await peer.dribble(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
        if (peer.random() > 0.4) return;
        await pause(peer.random() * 6);
        if (peer.isLast() && !peer.socket.destroyed)
          peer.socket.write(index % 2 === 0 ? 'stray bytes\r\n\r\n' : '\r\n0\r\n\r\n');
      };
      each.codes = ['integration_invalid_response'];
    }
    const { pool, server: started } = await start(cases);
    await run(pool, cases, 30);
    const wrong = cases.map(describeWrong).filter((text) => text !== undefined);
    const answered = cases.filter((each) => each.outcomes[0]?.ok).length;
    console.log(
      `fast lane fuzz, late bytes: ${cases.length} cases, ${answered} answered, ${cases.length - answered} failed`,
    );
    expect(wrong.slice(0, 10)).toEqual([]);
    expect(answered).toBeGreaterThan(cases.length / 2);
    await expectAllReleased(pool, started);
  });
});
