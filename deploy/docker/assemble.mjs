// `node assemble.mjs SOURCE APP`: makes APP, where npm has installed the production packages of the `sluice` command, the
// folder of the image: the build of each workspace that the command needs, and nothing that Node never loads.
import { cpSync, existsSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { binaryFault, binaryName, readList } from '../../scripts/uws-binary.mjs';

// What Node loads never: declarations and TypeScript (it refuses to strip types below node_modules), source maps, pages.
const unloaded = /\.(?:map|[cm]?ts|md|markdown|flow|tsbuildinfo)$/;
// Folders beside a package.json that only its authors run.
const development = new Set([
  'test',
  'tests',
  '__tests__',
  'bench',
  'benchmark',
  'benchmarks',
  'example',
  'examples',
  'docs',
]);
const tests = /\.(?:test|spec)\.[cm]?js$/;
const legal = /licen[cs]e|notice|copying|copyright/i;

/** Whether a file of an installed package stays: what may be loaded, and what the licence asks to be passed on. */
export function isKept(name) {
  return legal.test(name) || !(unloaded.test(name) || tests.test(name));
}

/** Folders of the workspaces that npm has linked: those that the command needs, and no other. */
export function linkedWorkspaces(app) {
  const scope = join(app, 'node_modules', '@sluice');
  return readdirSync(scope)
    .map((name) => relative(app, resolve(scope, readlinkSync(join(scope, name)))))
    .sort();
}

function assemble(source, app) {
  const workspaces = linkedWorkspaces(app);
  for (const name of readdirSync(app)) {
    if (name !== 'node_modules' && name !== 'package.json') rmSync(join(app, name), { recursive: true });
  }
  for (const workspace of workspaces) {
    for (const part of ['package.json', 'dist', 'bin']) {
      const from = join(source, workspace, part);
      if (existsSync(from)) cpSync(from, join(app, workspace, part), { recursive: true, filter: isBuilt });
    }
  }
  cpSync(join(source, 'LICENSE'), join(app, 'LICENSE'));
  writeManifest(app, workspaces);
  pruneUws(join(app, 'node_modules', 'uWebSockets.js'), readList(source));
  prune(join(app, 'node_modules'));
}

function isBuilt(path) {
  return isKept(basename(path));
}

// npm looks at the manifest when it lists what is installed; it would miss what has been left out on purpose.
function writeManifest(app, workspaces) {
  const file = join(app, 'package.json');
  const { name, version, private: isPrivate, description, license, type } = JSON.parse(readFileSync(file, 'utf8'));
  const dependencies = { '@sluice/cli': version };
  const manifest = { name, version, private: isPrivate, description, license, type, workspaces, dependencies };
  writeFileSync(file, `${JSON.stringify(manifest, undefined, 2)}\n`);
}

// 36 MiB in one package: a binary for each system, processor and version of Node. One of them is that of this image.
function pruneUws(folder, list) {
  const fault = binaryFault(folder, list);
  if (fault !== undefined) throw new Error(fault);
  const kept = new Set([binaryName, 'package.json', 'uws.js', 'ESM_wrapper.mjs', 'LICENSE']);
  for (const name of readdirSync(folder)) if (!kept.has(name)) rmSync(join(folder, name), { recursive: true });
}

function prune(folder) {
  const isPackage = existsSync(join(folder, 'package.json'));
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && isPackage && development.has(entry.name)) rmSync(path, { recursive: true });
    else if (entry.isDirectory()) prune(path);
    else if (entry.isFile() && !isKept(entry.name)) rmSync(path);
  }
  if (readdirSync(folder).length === 0) rmSync(folder, { recursive: true });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [source, app] = process.argv.slice(2);
  if (source === undefined || app === undefined || !statSync(app).isDirectory()) {
    console.error('Usage: node assemble.mjs SOURCE APP');
    process.exit(2);
  }
  assemble(resolve(source), resolve(app));
}
