import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Namespace } from './cluster.js';
import { restrictedContainer, restrictedPod } from './restricted-pod.js';

const root = resolve(import.meta.dirname, '..', '..');
const namespace = new Namespace(inject('namespace'));
const image = inject('image');
const names: string[] = [];

/** Runs the image once, as the chart's pods run, and returns how it ended. */
async function runImage(name: string, container: object, pod: object = {}): Promise<{ exitCode: number; log: string }> {
  names.push(name);
  await namespace.apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      ...restrictedPod,
      restartPolicy: 'Never',
      ...pod,
      containers: [{ name, image, ...restrictedContainer, ...container }],
    },
  });
  return namespace.finishedPod(name);
}

afterAll(async () => {
  await namespace.tryKubectl('delete', 'pod', ...names, '--ignore-not-found', '--wait=false');
  await namespace.tryKubectl('delete', 'configmap', 'image-sigterm', '--ignore-not-found');
});

/** Said by the image about itself; runs in the container, with what is there. */
const inspection = `
const fs = require('node:fs'), path = require('node:path');
const attempt = (write) => { try { write(); return 'written'; } catch (error) { return error.code; } };
const packages = [], files = [];
(function walk(folder) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const at = path.join(folder, entry.name);
    if (entry.isDirectory()) walk(at);
    else if (entry.isFile()) files.push(at);
    if (entry.name === 'package.json' && /(?:node_modules\\/(?:@[^/]+\\/)?|\\/(?:packages|services)\\/)[^/]+$/.test(folder)) {
      const { name, version } = JSON.parse(fs.readFileSync(at, 'utf8'));
      packages.push(name + '@' + version);
    }
  }
})('/app');
const owned = files.filter((file) => { const { uid, mode } = fs.statSync(file); return uid !== 0 || (mode & 0o022) !== 0; });
const bill = JSON.parse(fs.readFileSync('/app/sbom.json', 'utf8'));
console.log(JSON.stringify({
  uid: process.getuid(), gid: process.getgid(), user: require('node:os').userInfo().username,
  root: attempt(() => fs.writeFileSync('/app/x', '')), etc: attempt(() => fs.writeFileSync('/etc/x', '')),
  pid: process.pid, environment: { config: process.env.SLUICE_CONFIG, node: process.env.NODE_ENV },
  packages, owned, files: files.filter((file) => /\\.(?:map|[cm]?ts|node)$|\\.test\\.|tsbuildinfo/.test(file)),
  bill: bill.components.map(({ name, version, purl = '' }) => ({ name, version, purl })),
  format: [bill.bomFormat, bill.specVersion], unlicensed: bill.components.filter((each) => each.purl?.startsWith('pkg:npm') && !each.licenses?.length).map(({ name }) => name),
  licences: fs.readFileSync('/app/THIRD-PARTY-LICENSES.txt', 'utf8').split('\\n').filter((line) => / \\(node_modules\\/.*\\)$/.test(line)),
  managers: ['npm', 'npx', 'yarn', 'corepack'].filter((name) => process.env.PATH.split(':').some((folder) => fs.existsSync(folder + '/' + name))),
}));`;

interface Inspection {
  uid: number;
  gid: number;
  user: string;
  root: string;
  etc: string;
  environment: { config: string; node: string };
  packages: string[];
  owned: string[];
  files: string[];
  bill: { name: string; version: string; purl: string }[];
  format: string[];
  unlicensed: string[];
  licences: string[];
  managers: string[];
}

describe('the image', () => {
  let found: Inspection;

  beforeAll(async () => {
    const { exitCode, log } = await runImage('image-inspection', { command: ['node', '-e', inspection] });
    expect(exitCode, log).toBe(0);
    found = JSON.parse(log) as Inspection;
  });

  it('says its version, which is that of the command', async () => {
    const { version } = JSON.parse(readFileSync(resolve(root, 'packages/cli/package.json'), 'utf8')) as {
      version: string;
    };
    expect(await runImage('image-version', { args: ['--version'] })).toEqual({ exitCode: 0, log: `${version}\n` });
  });

  it('runs as 10001, on a root that it can not write to', () => {
    expect(found).toMatchObject({ uid: 10001, gid: 10001, user: 'sluice', root: 'EROFS', etc: 'EROFS' });
    expect(found.owned, 'files that its user could change').toEqual([]);
  });

  it('looks for its configuration where the chart mounts it', async () => {
    expect(found.environment).toEqual({ config: '/etc/sluice/sluice.yaml', node: 'production' });
    const { exitCode, log } = await runImage('image-unconfigured', { args: ['edge'] });
    expect(exitCode).not.toBe(0);
    expect(log).toContain('/etc/sluice/sluice.yaml');
  });

  it('has every installed package in its bill of materials, with Node and the packages of Debian', () => {
    expect(found.format).toEqual(['CycloneDX', '1.5']);
    const listed = new Set(found.bill.map(({ name, version }) => `${name}@${version}`));
    const scopeless = (each: string) => each.replace('@sluice/', '');
    const missing = found.packages.filter((each) => !listed.has(each) && !listed.has(scopeless(each)));
    // Under the name by which it is imported; the registry's name of it is in its purl.
    expect(missing.filter((each) => !each.startsWith('uwebsockets@'))).toEqual([]);
    expect(found.packages.length).toBeGreaterThan(60);
    const purls = found.bill.map(({ purl }) => purl);
    expect(purls).toContain(`pkg:npm/uwebsockets@${uwsVersion()}`);
    expect(purls.filter((purl) => purl.startsWith('pkg:deb/debian/')).length).toBeGreaterThan(30);
    expect(purls.some((purl) => /^pkg:deb\/debian\/libc6@/.test(purl))).toBe(true);
    expect(purls.some((purl) => /^pkg:generic\/node@\d+\./.test(purl))).toBe(true);
  });

  it('names a licence for every package and has its text', () => {
    expect(found.unlicensed).toEqual([]);
    const inModules = found.packages.filter((each) => !each.startsWith('@sluice/'));
    const named = new Set(found.licences.map((line) => line.split(',')[0]?.replace(' ', '@')));
    expect(inModules.filter((each) => !named.has(each))).toEqual([]);
    expect(found.licences.filter((line) => line.includes('no licence named'))).toEqual([]);
  });

  it('has no development dependency, no source, no test, and no package manager', () => {
    const present = found.packages.map((each) => each.slice(0, each.lastIndexOf('@')));
    const forDevelopment = developmentPackages();
    expect(forDevelopment).toContain('typescript');
    expect(present.filter((name) => forDevelopment.includes(name))).toEqual([]);
    expect(present.filter((name) => /^@sluice\/(?:testkit|bench|conformance|fuzz|example)/.test(name))).toEqual([]);
    expect(found.managers).toEqual([]);
    const native = found.files.filter((file) => file.endsWith('.node') && file.includes('uWebSockets.js'));
    expect(native).toHaveLength(1);
    expect(found.files.filter((file) => !file.endsWith('.node'))).toEqual([]);
  });

  it('hears SIGTERM as process 1, drains, and ends with 0', async () => {
    const config = 'apis: { a: { routes: {}, stages: { dev: {} } } }\n';
    await namespace.apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'image-sigterm' },
      data: { 'sluice.yaml': config },
    });
    // The kubelet ends a pod over its deadline as it ends any, and keeps how its container ended.
    const { exitCode, log } = await runImage(
      'image-sigterm',
      { args: ['start'], volumeMounts: [{ name: 'config', mountPath: '/etc/sluice' }] },
      {
        activeDeadlineSeconds: 8,
        terminationGracePeriodSeconds: 30,
        volumes: [{ name: 'config', configMap: { name: 'image-sigterm' } }],
      },
    );
    expect(log).toMatch(/drain/);
    expect(exitCode, log).toBe(0);
  });
});

function uwsVersion(): string {
  const list = JSON.parse(readFileSync(resolve(root, 'scripts/uws-binaries.json'), 'utf8')) as { version: string };
  return list.version;
}

/** Packages that the lock file has for development alone. */
function developmentPackages(): string[] {
  const lock = JSON.parse(readFileSync(resolve(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const entries = Object.entries(lock.packages).filter(([path]) => path.includes('node_modules/'));
  const used = new Set(entries.filter(([, { dev }]) => dev !== true).map(([path]) => nameOf(path)));
  return entries.map(([path]) => nameOf(path)).filter((name) => !used.has(name));
}
