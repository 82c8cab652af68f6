// `npm run bench`: builds what is stale, then runs bench/. Options: `npm run bench -- --help`.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Runs a command with its output on stderr: stdout belongs to the result, which `--json` pipes on. */
function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error) console.error(`${command}: ${error.message}`);
  if (status !== 0) process.exit(1);
}

if (!existsSync(join(root, 'node_modules'))) run('npm', ['ci', '--no-audit', '--no-fund']);
run(process.execPath, [
  join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
  '-b',
  join(root, 'packages', 'cli'),
  join(root, 'bench'),
]);

const { runBench } = await import('../bench/dist/index.js');
process.exit(await runBench(process.argv.slice(2)));
