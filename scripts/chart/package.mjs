// `npm run chart:package -- [--version 1.2.3] [--app-version 1.2.3] [--sign <key id>] [--url https://…]`: the chart as an archive
// in dist/chart, signed where a key is named, and the index for a plain HTTP repository. What publishes it is printed.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { requireGoTools } from '../go-tools.mjs';
import { giveUp, root, say } from '../set-up.mjs';

const registry = 'oci://ghcr.io/sluice-gateway/charts';

/** @param {{ folder: string, version?: string, appVersion?: string, key?: string, url?: string }} options @returns the archive's path */
export function packageChart({ folder, version, appVersion, key, url }) {
  requireGoTools(['helm']);
  mkdirSync(folder, { recursive: true });
  const args = ['package', join(root, 'deploy/helm/sluice'), '--destination', folder];
  if (version !== undefined) args.push('--version', version);
  if (appVersion !== undefined) args.push('--app-version', appVersion);
  const output = key === undefined ? helm(args) : signed(key, (keyring) => helm([...args, ...signature(key, keyring)]));
  helm(['repo', 'index', folder, ...(url === undefined ? [] : ['--url', url])]);
  return output.trim().replace(/^.*saved it to: /s, '');
}

function signature(key, keyring) {
  return ['--sign', '--key', key, '--keyring', keyring];
}

/** Helm reads keyrings of the old form only: the key is exported into one that lives as long as the call. */
function signed(key, use) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-keyring-'));
  try {
    const { status, stdout, stderr, error } = spawnSync('gpg', ['--batch', '--export-secret-keys', key]);
    if (status !== 0 || stdout.length === 0) {
      giveUp(`gpg has no secret key ${key}: ${error?.message ?? stderr}. Name one that gpg --list-secret-keys shows.`);
    }
    const keyring = join(folder, 'secring.gpg');
    writeFileSync(keyring, stdout, { mode: 0o600 });
    return use(keyring);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function helm(args) {
  const { status, stdout, stderr } = spawnSync('helm', args, { encoding: 'utf8' });
  if (status !== 0) giveUp(`helm ${args[0]} failed: ${stderr}`);
  return stdout;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const text = { type: 'string' };
  const { values } = parseArgs({ options: { version: text, 'app-version': text, sign: text, url: text } });
  const folder = join(root, 'dist/chart');
  const archive = packageChart({ ...values, folder, appVersion: values['app-version'], key: values.sign });
  say(`${archive}${values.sign === undefined ? ', not signed' : ' and its .prov'}`);
  console.log(`Publish it:
  helm push ${archive} ${registry}
  cosign sign <digest that helm push prints>           # the OCI artifact, besides the .prov that Helm itself verifies
  or upload ${folder} to where --url points, index.yaml last`);
}
