// Python clients that users have, for the tests: a virtual environment of its own, made once for each list of packages.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const requirements = join(root, 'test', 'clients', 'requirements.txt');

/** Path of the interpreter whose packages are those of `test/clients/requirements.txt`. It is there once the set-up has run. */
export function pythonForTests() {
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  return join(root, '.cache', `python-${digest}`, 'bin', 'python');
}

/** Makes the environment where it is missing. `giveUp` is called with a sentence where that fails. */
export function requirePythonPackages({ say, giveUp }) {
  const interpreter = pythonForTests();
  if (existsSync(interpreter)) return;
  const folder = dirname(dirname(interpreter));
  say('Installing the Python clients that the tests use, once');
  // Made beside its place and moved there whole, so that one that broke off half-way is not taken for ready.
  const making = `${folder}.making`;
  rmSync(making, { recursive: true, force: true });
  const steps = [
    ['python3', ['-m', 'venv', making]],
    [join(making, 'bin', 'python'), ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '-r', requirements]],
  ];
  for (const [command, args] of steps) {
    const { status } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
    if (status !== 0)
      giveUp(
        `${command} ${args.join(' ')} failed. The tests need Python 3.10 or newer with venv, and its package index.`,
      );
  }
  renameSync(making, folder);
}
