// Programs that the tests of `deploy/` and `loadtest/` run and that come as Go modules: taken from the PATH, or built once
// into a folder of the user's cache. `node scripts/go-tools.mjs` prepares all and prints the line that puts them on the PATH.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { giveUp, say } from './set-up.mjs';

const tools = {
  k6: { module: 'go.k6.io/k6', version: 'v1.8.1', probe: ['version'] },
  helm: { module: 'helm.sh/helm/v3/cmd/helm', version: 'v3.21.4', probe: ['version'] },
  kubeconform: { module: 'github.com/yannh/kubeconform/cmd/kubeconform', version: 'v0.7.0', probe: ['-v'] },
};

/** Where they are built: the version is part of the path, so that another one is built beside it. */
export const toolsDirectory = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sluice-tools');

/** Makes sure that the named tools are there and puts them on the PATH of this process and of those that it starts. */
export function requireGoTools(named = Object.keys(tools)) {
  for (const name of named) {
    const { module, version, probe } = tools[name];
    if (works(name, probe)) continue;
    const folder = join(toolsDirectory, `${name}-${version}`);
    if (!existsSync(join(folder, name))) build(name, `${module}@${version}`, folder);
    process.env.PATH = `${folder}${delimiter}${process.env.PATH}`;
  }
}

function build(name, module, folder) {
  if (!works('go', ['version'])) {
    giveUp(
      `The tests of deploy/ and loadtest/ run ${name}: install it, or Go, with which it is built (https://go.dev/dl).`,
    );
  }
  say(`Building ${name}, once: go install ${module}`);
  mkdirSync(folder, { recursive: true });
  const { status } = spawnSync('go', ['install', module], { stdio: 'inherit', env: { ...process.env, GOBIN: folder } });
  if (status !== 0) giveUp(`go install ${module} failed. Is the Go module proxy reachable?`);
}

function works(program, probe) {
  return spawnSync(program, probe, { stdio: 'ignore', timeout: 20_000 }).status === 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  requireGoTools();
  console.log(`export PATH='${process.env.PATH}'`);
}
