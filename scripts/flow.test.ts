import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { limits } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'), { recursive: true }).map((path) => join('docs', String(path))),
  ...['packages', 'services', 'examples'].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => join(group, name, 'README.md')),
  ),
].filter((path) => path.endsWith('.md') && existsSync(join(root, path)));
const text = (page: string) => readFileSync(join(root, page), 'utf8');

/** Paths from the root, wherever they stand in a page. A trailing star or dots stand for several files: their folder counts. */
function namedPaths(page: string): string[] {
  const found = text(page).matchAll(
    /(?<![\w/.@-])(?:packages|services|test|scripts|docs|examples|bench)\/[\w./-]*[\w/]/g,
  );
  return [...new Set([...found].map(([path]) => path))];
}

/** Targets of links that stay in the repository. */
function linkedPaths(page: string): string[] {
  const links = [...text(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => target);
  return links.filter((target) => !/^[a-z]+:/.test(target)).map((target) => join(dirname(page), target));
}

describe('pages name files that are there', () => {
  it.each(pages)('%s', (page) => {
    const paths = [...namedPaths(page), ...linkedPaths(page)];
    // A package's own page may name files as seen from its folder.
    const isThere = (path: string) => existsSync(join(root, path)) || existsSync(join(root, dirname(page), path));
    expect(paths.filter((path) => !isThere(path))).toEqual([]);
  });

  it('docs/flow.md and README.md name some', () => {
    expect(namedPaths('docs/flow.md').length).toBeGreaterThan(40);
    expect(namedPaths('README.md').length).toBeGreaterThan(15);
  });
});

it('docs/flow.md names limits that are there', () => {
  const names = text('docs/flow.md').match(/\b[a-z][A-Za-z]*(?:Ms|Max|MsMax|BytesSoft)\b/g) ?? [];
  // Settings of a process, not limits of the file.
  const settings = ['maxConnections', 'inflightMax'];
  expect(names.length).toBeGreaterThan(20);
  expect([...new Set(names)].filter((name) => !(name in limits) && !settings.includes(name))).toEqual([]);
});
