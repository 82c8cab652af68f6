// `npm run test:kubernetes`: installs the chart on the cluster that KUBECONFIG names and tries there what only a cluster can
// show. Options: --write-docs puts the result into docs/operate/rollouts.md; file names after `--` run only those.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requireGoTools } from './go-tools.mjs';
import { resultTable, writeRollouts } from './kubernetes/result-table.mjs';
import { prepareImage } from './kubernetes/test-image.mjs';
import { giveUp, root, say, setUp } from './set-up.mjs';

const named = process.argv.slice(2).filter((each) => !each.startsWith('--'));
const cluster = requireCluster();
setUp();
requireGoTools(['helm', 'k6']);
const image = prepareImage(cluster.context);
say(`Testing ${image} on ${cluster.context}, Kubernetes ${cluster.version}`);

const folder = join(root, '.cache', 'kubernetes');
mkdirSync(folder, { recursive: true });
const lines = join(folder, 'rows.jsonl');
rmSync(lines, { force: true });
const startedAt = performance.now();
const { status } = spawnSync(
  process.execPath,
  [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--project', 'kubernetes', ...named],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      SLUICE_TEST_IMAGE: image,
      SLUICE_TEST_REDIS_IMAGE: process.env.SLUICE_TEST_REDIS_IMAGE || 'redis:8',
      SLUICE_TEST_RESULTS: lines,
    },
  },
);
const seconds = Math.round((performance.now() - startedAt) / 1000);
const rows = existsSync(lines)
  ? readFileSync(lines, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  : [];
const result = { kubernetes: cluster.version, node: cluster.node, image, seconds, passed: status === 0, rows };
writeFileSync(join(folder, 'result.json'), `${JSON.stringify(result, undefined, 2)}\n`);
console.log(`\n${resultTable(rows)}\n\nKept in .cache/kubernetes/result.json; ${seconds} s.`);
if (process.argv.includes('--write-docs')) {
  if (status !== 0 || named.length > 0) giveUp('Only a whole run that passed is written into the docs.');
  writeRollouts(root, result);
}
process.exitCode = status ?? 1;

/** The cluster that kubectl talks to; gives up with a sentence where there is none. */
function requireCluster() {
  const kubectl = (...args) => spawnSync('kubectl', args, { encoding: 'utf8', timeout: 30_000 });
  if (kubectl('version', '--client').status !== 0) {
    giveUp('npm run test:kubernetes needs kubectl on the PATH: https://kubernetes.io/docs/tasks/tools');
  }
  const context = kubectl('config', 'current-context').stdout.trim();
  if (context === '') {
    giveUp(
      'npm run test:kubernetes needs a cluster that may be played with: set KUBECONFIG to one, for example after `kind create cluster`.',
    );
  }
  const { status: reached, stdout, stderr } = kubectl('version', '--output', 'json', '--request-timeout=10s');
  const version = reached === 0 ? JSON.parse(stdout).serverVersion?.gitVersion : undefined;
  if (version === undefined) {
    giveUp(`The cluster of the context ${context} does not answer: ${stderr.trim().split('\n').at(-1)}`);
  }
  const node = kubectl('get', 'nodes', '--output', 'jsonpath={.items[*].status.nodeInfo.containerRuntimeVersion}');
  return { context, version, node: node.stdout.trim() };
}
