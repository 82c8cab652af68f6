// The house rules that no linter knows: who may import whom, one door per outside library, sizes and names. Each finding
// says where, what and how to mend it. The table below is DESIGN's "The house" as data; to add a package, add its row.

/** Which workspace packages a workspace package may import. */
const base = ['contracts', 'telemetry'];
const servicePackages = [
  'auth',
  'bus',
  'connections',
  'definitions',
  'integrations',
  'logs',
  'models',
  'rates',
  'routing',
  'templates',
];
export const mayImport = {
  contracts: [],
  telemetry: ['contracts'],
  redis: base,
  config: base,
  definitions: base,
  routing: base,
  templates: base,
  models: base,
  logs: base,
  integrations: base,
  auth: base,
  bus: [...base, 'redis'],
  connections: [...base, 'redis'],
  rates: [...base, 'redis'],
  testkit: base,
  edge: [...base, ...servicePackages],
  router: [...base, ...servicePackages],
  callback: [...base, ...servicePackages],
  control: [...base, ...servicePackages],
  standalone: [...base, ...servicePackages, 'redis', 'config', 'edge', 'router', 'callback', 'control'],
  cli: [...base, ...servicePackages, 'redis', 'config', 'edge', 'router', 'callback', 'control', 'standalone'],
  bench: ['testkit', 'contracts'],
  conformance: ['testkit', 'contracts'],
};

/** Outside libraries with one door each: the workspace packages that may import them. */
export const doors = {
  'uWebSockets.js': ['edge', 'callback', 'bench'],
  undici: ['integrations'],
  bullmq: ['bus'],
  ioredis: ['redis'],
  pino: ['telemetry'],
  'prom-client': ['telemetry'],
  '@opentelemetry/api': ['telemetry'],
  zod: ['config'],
  yaml: ['config'],
  commander: ['cli'],
  ws: ['cli', 'testkit'],
  velocityjs: ['templates'],
  ajv: ['models'],
  'ajv-draft-04': ['models'],
  jose: ['auth'],
  '@smithy/signature-v4': ['integrations'],
};

/** Packages that may read the environment: the settings' own, and the one that starts processes for tests. */
export const environmentReaders = ['config', 'testkit'];

/**
 * Tests and what only tests use. `tsconfig.base.json` keeps the same paths out of the build: `*.test.ts`, `*.fixture.ts`, and
 * the folders `testing` (doubles and starters of a service) and `conformance` (one suite for every implementation of an interface).
 */
export const isTestPath = (path) => /\.(test|fixture)\.ts$|(^|\/)(testing|conformance)\//.test(path);

/** Two screens for a file. Over it, a file holds more than one concept. */
export const fileLinesMax = 250;
const vagueNames = /(^|[-./])(utils?|helpers?|managers?|misc|common)([-.]|$)/;
const importPattern =
  /(?:^|\n)\s*(?:import|export)\s(?:type\s)?[^'"`;]*?from\s*['"]([^'"]+)['"]|(?:^|\n)\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

/** Every module a source text imports, types included. */
export function importsOf(source) {
  return [...source.matchAll(importPattern)].map((match) => match[1] ?? match[2] ?? match[3]);
}

/**
 * Checks one workspace package.
 * @param {{ name: string, dependencies: string[], devDependencies: string[], references: string[], files: Map<string, string> }} pkg
 *   `name` without scope, `references` the names behind tsconfig references, `files` path inside `src` → text.
 * @returns {string[]} findings, empty when all is well
 */
export function checkPackage(pkg) {
  const findings = [];
  const used = new Set();
  for (const [path, source] of pkg.files) {
    const isTest = isTestPath(path);
    findings.push(...checkFile(pkg.name, path, source, isTest));
    for (const specifier of importsOf(source)) {
      findings.push(...checkImport(pkg, path, specifier, isTest));
      if (!isTest && specifier.startsWith('@sluice/')) used.add(specifier.slice('@sluice/'.length));
    }
  }
  const declared = pkg.dependencies.filter((name) => name.startsWith('@sluice/')).map((name) => name.slice(8));
  for (const name of declared) {
    if (!used.has(name))
      findings.push(`${pkg.name}: declares @sluice/${name} and never imports it: remove it from package.json`);
    if (!pkg.references.includes(name)) findings.push(`${pkg.name}: tsconfig.json lacks the reference to ${name}`);
  }
  for (const name of pkg.references) {
    if (!declared.includes(name))
      findings.push(`${pkg.name}: tsconfig.json references ${name}, which package.json does not declare`);
  }
  findings.push(...findCycles(pkg));
  return findings;
}

function checkFile(name, path, source, isTest) {
  const findings = [];
  const where = `${name}/src/${path}`;
  const lineCount = source.split('\n').length;
  if (!isTest && lineCount > fileLinesMax) {
    findings.push(
      `${where}: ${lineCount} lines, at most ${fileLinesMax}: it holds more than one concept, give each a file`,
    );
  }
  if (vagueNames.test(path))
    findings.push(`${where}: name the concept; utils, helper, manager, misc and common say nothing`);
  if (!/^[a-z0-9-]+(\/[a-z0-9-]+)*(\.[a-z]+)*\.ts$/.test(path)) findings.push(`${where}: file names are kebab-case`);
  if (
    !isTest &&
    !environmentReaders.includes(name) &&
    /\bprocess\.env\b/.test(source.replace(/^.*house: allow process\.env.*$/gm, ''))
  ) {
    findings.push(`${where}: only packages/config reads process.env: take the value as a setting`);
  }
  return findings;
}

function checkImport(pkg, path, specifier, isTest) {
  const where = `${pkg.name}/src/${path}`;
  if (specifier.startsWith('.')) {
    const folder = path.split('/').slice(0, -1);
    const up = specifier.match(/^(\.\.\/)+/)?.[0].length ?? 0;
    if (up / 3 > folder.length) {
      return [`${where}: imports ${specifier}, outside its package: import the package by name`];
    }
    return !isTest && isTestPath(resolvePath(folder, specifier))
      ? [`${where}: imports ${specifier}, which only tests may: it is not part of the build`]
      : [];
  }
  if (specifier.startsWith('@sluice/')) {
    const target = specifier.slice('@sluice/'.length);
    if (target.includes('/')) return [`${where}: imports ${specifier}: only a package's index may be imported`];
    if (isTest) return [];
    if (!(mayImport[pkg.name] ?? base).includes(target)) {
      return [`${where}: ${pkg.name} may not import ${target}: see mayImport in scripts/house/rules.mjs`];
    }
    return pkg.dependencies.includes(specifier) ? [] : [`${where}: ${specifier} is not in the package's dependencies`];
  }
  if (specifier.startsWith('node:')) return [];
  const library = specifier.startsWith('@') ? specifier.split('/').slice(0, 2).join('/') : specifier.split('/')[0];
  const findings = [];
  if (!isTest && doors[library] && !doors[library].includes(pkg.name)) {
    findings.push(`${where}: ${library} has one door, ${doors[library].join(' and ')}: use what that package offers`);
  }
  if (!isTest && !pkg.dependencies.includes(library)) {
    findings.push(`${where}: ${library} is not in the package's dependencies`);
  }
  return findings;
}

function findCycles(pkg) {
  const graph = new Map();
  for (const [path, source] of pkg.files) {
    const folder = path.split('/').slice(0, -1);
    const targets = importsOf(source)
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => resolvePath(folder, specifier));
    graph.set(
      path,
      targets.filter((target) => pkg.files.has(target)),
    );
  }
  const findings = [];
  const done = new Set();
  const visit = (path, trail) => {
    const at = trail.indexOf(path);
    if (at >= 0) {
      findings.push(`${pkg.name}: import cycle ${[...trail.slice(at), path].join(' → ')}`);
      return;
    }
    if (done.has(path)) return;
    done.add(path);
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
  };
  for (const path of graph.keys()) visit(path, []);
  return findings;
}

function resolvePath(folder, specifier) {
  const parts = [...folder];
  for (const part of specifier.replace(/\.js$/, '.ts').split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}
