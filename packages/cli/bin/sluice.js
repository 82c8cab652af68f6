#!/usr/bin/env node
// Plain JavaScript that any Node can read: it has to say what is wrong before anything newer is loaded.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

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
