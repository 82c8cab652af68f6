import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
// @ts-expect-error plain JavaScript, since it runs before anything is installed
import { gatewayPort, staleDependency } from './set-up.mjs';

const directory = mkdtempSync(join(tmpdir(), 'sluice-set-up-'));
afterAll(() => rmSync(directory, { recursive: true }));

function stale(wanted: object, installed?: object): string | undefined {
  rmSync(join(directory, 'node_modules'), { recursive: true, force: true });
  writeFileSync(join(directory, 'package-lock.json'), JSON.stringify({ packages: wanted }));
  if (installed !== undefined) {
    mkdirSync(join(directory, 'node_modules'));
    writeFileSync(join(directory, 'node_modules', '.package-lock.json'), JSON.stringify({ packages: installed }));
  }
  return staleDependency(directory);
}

const wanted = {
  '': { version: '1.0.0' },
  'node_modules/a': { version: '1.0.0' },
  'node_modules/a-win32': { version: '1.0.0', optional: true },
  'node_modules/@x/b': { link: true },
};

it('dependencies are installed where they are missing, incomplete or of another version, and only then', () => {
  expect(stale(wanted)).toBe('there are none yet');
  const complete = { 'node_modules/a': { version: '1.0.0' }, 'node_modules/@x/b': { link: true } };
  expect(stale(wanted, complete)).toBeUndefined();
  expect(stale(wanted, { ...complete, 'node_modules/a': { version: '1.0.1' } })).toBe('a is another version');
  expect(stale(wanted, { 'node_modules/a': { version: '1.0.0' } })).toBe('@x/b is missing');
});

it('what is said of addresses has the port that the gateway was given', () => {
  expect(gatewayPort(['--admin-port', '1', '--port', '9090'])).toBe('9090');
  expect(gatewayPort(['--port=9091'])).toBe('9091');
  expect(gatewayPort(['--admin-port=1'])).toBe(process.env['SLUICE_PORT'] ?? '8080');
});
