// CPU per message of the bus alone: edge appends, router answers and acknowledges, edge reads the answer. Two processes and a
// real Redis, as in a cluster; no sockets, no integrations. Needs the build (`npx tsc -b packages/bus`).
//
//   node packages/bus/bench/round-trip.bench.mjs [in flight, 1000] [seconds, 5] [body bytes, 100]
import { fork } from 'node:child_process';
import { createBusBenchParts } from './round-trip.parts.mjs';

const [inflight = 1000, seconds = 5, bodyBytes = 100] = process.argv.slice(2).map(Number);
const role = process.env.BENCH_ROLE;

if (role === undefined) await lead();
else await createBusBenchParts(role);

async function lead() {
  const { startRedis } = await import('@sluice/testkit');
  const redis = await startRedis();
  const env = { ...process.env, BENCH_URL: redis.url, BENCH_INFLIGHT: `${inflight}`, BENCH_BODY: `${bodyBytes}` };
  const start = (name) => fork(new URL(import.meta.url), { env: { ...env, BENCH_ROLE: name } });
  const router = start('router');
  await next(router);
  const edge = start('edge');
  await next(edge);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const before = await sample(edge, router, redis.pid);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const after = await sample(edge, router, redis.pid);
  const count = after.edge.count - before.edge.count;
  const micros = (part) => (after[part].cpu - before[part].cpu) / count;
  const all = micros('edge') + micros('router') + micros('redis');
  const show = (value) => value.toFixed(2);
  console.log(
    `${inflight} in flight, ${bodyBytes}-byte bodies: ${Math.round(count / seconds)} messages/s; CPU µs per message: ` +
      `edge ${show(micros('edge'))}, router ${show(micros('router'))}, Redis ${show(micros('redis'))}, all ${show(all)}; ` +
      `p50 ${show(after.edge.p50)} ms, p99 ${show(after.edge.p99)} ms; ` +
      `envelopes per append ${show(count / (after.edge.appends - before.edge.appends))}`,
  );
  edge.kill();
  router.kill();
  await redis.stop();
}

async function sample(edge, router, redisPid) {
  const { readFile } = await import('node:fs/promises');
  const stat = (await readFile(`/proc/${redisPid}/stat`, 'utf8')).split(' ');
  return {
    edge: await ask(edge),
    router: await ask(router),
    redis: { cpu: (Number(stat[13]) + Number(stat[14])) * 10_000 },
  };
}

function ask(child) {
  const answer = next(child);
  child.send('sample');
  return answer;
}

function next(child) {
  return new Promise((resolve) => child.once('message', resolve));
}
