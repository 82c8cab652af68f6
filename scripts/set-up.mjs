// What `npm start` and `npm test` do first, so that a fresh clone needs nothing but Node. No dependency may be used here.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { binaryFault, packageFolders, readList } from './uws-binary.mjs';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

const coloured = process.stdout.isTTY === true && process.stdout.hasColors();
const bold = (text) => (coloured ? `\u001b[1m${text}\u001b[0m` : text);

/** Says what is being done. */
export function say(text) {
  console.log(bold(`▸ ${text}`));
}

/** Ends with a sentence that says what to do. */
export function giveUp(text) {
  console.error(`\n${text}`);
  process.exit(1);
}

/** Where the gateway will listen, by the flags that it is given. */
export function gatewayPort(flags) {
  const at = flags.indexOf('--port');
  const joined = flags.find((each) => each.startsWith('--port='))?.slice('--port='.length);
  return joined ?? (at >= 0 ? flags[at + 1] : process.env.SLUICE_PORT || '8080');
}

/** Runs a command in the repository with its output shown; gives up where it fails. */
export function run(command, args, wayOut = '') {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status === 0) return;
  giveUp(`${[command, ...args].join(' ')} failed${error ? `: ${error.message}` : ''}. ${wayOut}`.trim());
}

/** Dependencies and build, where they are missing or older than what is checked out. */
export function setUp() {
  if (Number(process.versions.node.split('.')[0]) < 20) {
    giveUp(`Sluice needs Node 20 or newer; this is ${process.version}. See https://nodejs.org/en/download`);
  }
  const stale = staleDependency();
  if (stale !== undefined) {
    say(`Installing dependencies (${stale}), once`);
    run('npm', ['ci', '--no-audit', '--no-fund'], 'Is the npm registry reachable?');
  }
  for (const folder of packageFolders(root)) {
    const fault = binaryFault(folder, readList(root));
    if (fault !== undefined) giveUp(fault);
  }
  if (!existsSync(join(root, 'packages', 'cli', 'dist', 'index.js'))) say('Building, once');
  // Incremental: half a second where nothing has changed.
  run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b']);
}

/** Why node_modules is not what package-lock.json asks for; undefined where it is. Compared by content: times lie after a checkout. */
export function staleDependency(directory = root) {
  const installed = readJson(join(directory, 'node_modules', '.package-lock.json'));
  if (installed === undefined) return 'there are none yet';
  const wanted = readJson(join(directory, 'package-lock.json'));
  for (const [path, entry] of Object.entries(wanted?.packages ?? {})) {
    // Optional ones are for other systems as well and are rightly missing here.
    if (!path.startsWith('node_modules/') || entry.optional || entry.devOptional || entry.peer) continue;
    const found = installed.packages[path];
    if (found === undefined) return `${path.slice('node_modules/'.length)} is missing`;
    if (found.version !== entry.version) return `${path.slice('node_modules/'.length)} is another version`;
  }
  return undefined;
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
