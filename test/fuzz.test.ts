import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('../scripts/fuzz.mjs', import.meta.url));
const runs = 150;

// The same inputs every time; `npm run fuzz` looks for new ones.
it('no input of a short fuzz run with a fixed seed finds a fault', { timeout: 240_000 }, async () => {
  const child = spawn(process.execPath, [script, '--seed', 'npm-test', '--runs', `${runs}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const output = await text(child.stdout);
  expect(await exited, output).toBe(0);
  const counts = [...output.matchAll(/^([a-z-]+) +(\d+) +[\d.]+ {2}\S/gm)].map(([, target, count]) => [
    target,
    Number(count),
  ]);
  expect(counts.length).toBeGreaterThanOrEqual(11);
  for (const [target, count] of counts) expect([target, count]).toEqual([target, runs]);
});
