// Whether the uWebSockets.js binary that a process would load is one that Sluice knows. The package is not upstream's own on
// the registry, and native code sees every byte of every connection. Nothing is loaded here, and no dependency used.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** As the package's own entry chooses it. */
export const binaryName = `uws_${process.platform}_${process.arch}_${process.versions.modules}.node`;

const packageName = 'uWebSockets.js';
const importers = ['edge', 'callback'];

/** Where the services find the package: once, unless npm could not give both the same copy. */
export function packageFolders(root) {
  const folders = importers.map((name) => {
    const require = createRequire(join(root, 'services', name, 'package.json'));
    return dirname(require.resolve(packageName));
  });
  return [...new Set(folders)];
}

/**
 * Checks the binary `name` of a folder against a list; undefined where it is the one listed, else what is wrong and the way out.
 * @param {{ package: string, version: string, sha256: Record<string, string> }} list
 * @returns {string | undefined}
 */
export function binaryFault(folder, list, name = binaryName) {
  const file = join(folder, name);
  const expected = list.sha256[name];
  if (!existsSync(file)) {
    const kinds = Object.keys(list.sha256).map((each) => each.replace(/^uws_|\.node$/g, ''));
    return `There is no ${name} in ${folder}: uWebSockets.js has no build for this system and Node ${process.version}.
It has builds for ${kinds.join(', ')} (system, processor, Node's module version), Linux with glibc only.
Use Node 20, 22 or 24, or another build of the library: docs/uwebsockets.md.`;
  }
  const found = sha256Of(file);
  if (found === expected) return undefined;
  return `The uWebSockets.js binary is not one that Sluice knows.
  file      ${file}
  expected  ${expected ?? 'nothing: the list does not have this file'} (scripts/uws-binaries.json, ${list.package} ${list.version})
  found     ${found}
Install it anew with: npm ci
If you changed the library on purpose, look at where it comes from, then write the list anew with: node scripts/check-uws.mjs --write
docs/uwebsockets.md says more.`;
}

/** The list of all binaries in a folder. */
export function listBinaries(folder) {
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const files = readdirSync(folder).filter((each) => each.endsWith('.node'));
  const sha256 = Object.fromEntries(files.sort().map((each) => [each, sha256Of(join(folder, each))]));
  return { package: name, version, sha256 };
}

export function readList(root) {
  return JSON.parse(readFileSync(listFile(root), 'utf8'));
}

export function writeList(root, list) {
  writeFileSync(listFile(root), `${JSON.stringify(list, undefined, 2)}\n`);
}

function listFile(root) {
  return join(root, 'scripts', 'uws-binaries.json');
}

function sha256Of(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
