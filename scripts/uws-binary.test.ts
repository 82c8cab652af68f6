import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
// @ts-expect-error plain JavaScript, since it runs before anything is installed
import { binaryFault, binaryName, listBinaries, packageFolders, readList } from './uws-binary.mjs';

const root = resolve(import.meta.dirname, '..');
const directory = mkdtempSync(join(tmpdir(), 'sluice-uws-'));
afterAll(() => rmSync(directory, { recursive: true }));

const abcSha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
const list = { package: 'uwebsockets', version: '1.2.3', sha256: { [binaryName]: abcSha256 } };

function fault(content: string, known: object = list): string | undefined {
  writeFileSync(join(directory, binaryName), content);
  return binaryFault(directory, known);
}

describe('the uWebSockets.js binary', () => {
  it('passes where it is the one listed', () => {
    expect(fault('abc')).toBeUndefined();
  });

  it('is refused where a bit differs, with file, expected, found and the way out', () => {
    const text = fault('abd');
    expect(text).toContain(join(directory, binaryName));
    expect(text).toContain(`expected  ${abcSha256}`);
    expect(text).toContain('found     a52d159f262b2c6ddb724a61840befc36eb30c88877a4030b65cbe86298449c9');
    expect(text).toContain('npm ci');
    expect(text).toContain('docs/uwebsockets.md');
  });

  it('is refused where the list does not have it, whatever it is', () => {
    expect(fault('abc', { ...list, sha256: {} })).toContain('the list does not have this file');
  });

  it('is missed with the builds that there are', () => {
    expect(
      binaryFault(directory, { ...list, sha256: { 'uws_linux_x64_115.node': abcSha256 } }, 'uws_aix_ppc64_1.node'),
    ).toMatch(/no uws_aix_ppc64_1\.node[\s\S]*linux_x64_115/);
  });

  it('that is installed is listed, as is every other of its package, and the lock file names that version', () => {
    const known = readList(root);
    const folders: string[] = packageFolders(root);
    expect(folders).toHaveLength(1);
    const [folder = ''] = folders;
    expect(binaryFault(folder, known)).toBeUndefined();
    expect(Object.keys(known.sha256)).toEqual(
      readdirSync(folder)
        .filter((each) => each.endsWith('.node'))
        .sort(),
    );
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
    expect(lock.packages['node_modules/uWebSockets.js'].version).toBe(known.version);
  });

  it('is listed by the content of the files', () => {
    writeFileSync(join(directory, binaryName), 'abc');
    writeFileSync(join(directory, 'package.json'), '{ "name": "uwebsockets", "version": "1.2.3" }');
    writeFileSync(join(directory, 'uws.js'), '');
    expect(listBinaries(directory)).toEqual(list);
  });
});
