#!/usr/bin/env -S node --max-semi-space-size=32 --min-semi-space-size=16
// Plain JavaScript that any Node can read: it has to say what is wrong before anything newer is loaded.
//
// The flags, in MiB: V8 shrinks its young generation to 1 MiB while a process idles and is slow to grow it again; under the
// next load a router then spent 16 % of its time in garbage collection instead of 3 %, twice the CPU per message. Whoever
// starts this file with `node` passes them too, as `npm start`, the tests and the bench do.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// The kernel drops signals to process 1 that nobody handles, and as such it runs in a container: told to end while modules load, it
// would go on until it is killed. `runProcess` puts its own handlers in the place of these.
const isProcess = ['start', 'edge', 'router', 'callback'].includes(process.argv[2] ?? '');
process.on('SIGTERM', () => process.exit(isProcess ? 0 : 143));
process.on('SIGINT', () => process.exit(130));

const built = fileURLToPath(new URL('../dist/index.js', import.meta.url));
const [major] = process.versions.node.split('.');

if (Number(major) < 20) {
  console.error(`sluice needs Node 20 or newer; this is ${process.version}. See https://nodejs.org/en/download`);
  process.exit(1);
}
if (!existsSync(built)) {
  console.error('sluice is not built yet. In the repository, run: npm ci && npm run build');
  process.exit(1);
}
const { runCommandLine } = await import('../dist/index.js');
await runCommandLine(process.argv);
