import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
// @ts-expect-error plain JavaScript, since it runs while the image is built
import { isKept } from './assemble.mjs';

const root = resolve(import.meta.dirname, '..', '..');
const read = (path: string) => readFileSync(resolve(root, path), 'utf8');
const dockerfile = read('deploy/docker/Dockerfile');

describe('the Dockerfile', () => {
  it('starts Node itself, with the flags of the first line of sluice.js', () => {
    const [first = ''] = read('packages/cli/bin/sluice.js').split('\n');
    const flags = first.split(' ').filter((word) => word.startsWith('--'));
    expect(flags.length).toBeGreaterThan(0);
    const entryPoint = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile)?.[1] ?? '[]';
    expect(JSON.parse(entryPoint)).toEqual(['node', ...flags, '/app/packages/cli/bin/sluice.js']);
    expect(dockerfile).not.toMatch(/^(?:CMD|HEALTHCHECK)/m);
  });

  it('takes the base of every stage from one argument, and runs as a number', () => {
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
    expect(new Set(bases)).toEqual(new Set(['${NODE_IMAGE}']));
    expect(dockerfile).toMatch(/^ARG NODE_IMAGE=node:\d+-\w+-slim$/m);
    expect(dockerfile).toMatch(/^USER 10001:10001$/m);
  });

  it('gets the manifest of every workspace, which npm compares with the lock file', () => {
    const { workspaces } = JSON.parse(read('package.json')) as { workspaces: string[] };
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const isAllowed = (path: string) =>
      allowed.some((each) => path === each || path.startsWith(`${each}/`) || matches(each, path));
    const folders = workspaces.flatMap((each) => (each.endsWith('/*') ? below(each.slice(0, -2)) : [each]));
    const manifests = folders.map((each) => `${each}/package.json`).filter((each) => existsSync(resolve(root, each)));
    expect(manifests.length).toBeGreaterThan(20);
    expect(manifests.filter((path) => !isAllowed(path))).toEqual([]);
  });
});

function below(folder: string): string[] {
  return readdirSync(resolve(root, folder)).map((name) => `${folder}/${name}`);
}

function matches(pattern: string, path: string): boolean {
  return new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`).test(path);
}

describe('what is left out of packages', () => {
  it.each(['index.js', 'a.cjs', 'a.mjs', 'a.json', 'x.node', 'a.lua', 'LICENSE', 'LICENSE.md', 'NOTICE.md', 'COPYING'])(
    '%s stays',
    (name) => expect(isKept(name)).toBe(true),
  );

  it.each(['a.d.ts', 'a.ts', 'a.mts', 'a.js.map', 'README.md', 'a.test.js', 'a.spec.mjs', 'tsconfig.tsbuildinfo'])(
    '%s goes',
    (name) => expect(isKept(name)).toBe(false),
  );
});
