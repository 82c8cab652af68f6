// The chart as people get it: packaged, signed, verified, in an index; and rendered from the archive.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
// @ts-expect-error plain JavaScript, like all scripts
import { packageChart } from '../../../scripts/chart/package.mjs';
import { chartFolder, execute, template } from './chart.js';

// Short: gpg's agent listens on a socket below it.
const folder = mkdtempSync(join(tmpdir(), 'slc-'));
const home = join(folder, 'gpg');
const key = 'sluice-chart-test';
let archive = '';

beforeAll(() => {
  mkdirSync(home, { mode: 0o700 });
  process.env['GNUPGHOME'] = home;
  const args = ['--batch', '--passphrase', '', '--quick-generate-key', key, 'rsa3072', 'sign', '1d'];
  const { status, error } = execute('gpg', args);
  if (status !== 0) throw new Error(`gpg made no key: ${error}`);
  archive = packageChart({
    folder: join(folder, 'charts'),
    version: '9.8.7',
    appVersion: '6.5.4',
    key,
    url: 'https://charts.example',
  });
});

afterAll(() => {
  execute('gpgconf', ['--kill', 'gpg-agent']);
  Reflect.deleteProperty(process.env, 'GNUPGHOME');
  rmSync(folder, { recursive: true, force: true });
});

describe('the packaged chart', () => {
  it('is signed, and Helm verifies it by the public key', () => {
    const keyring = join(folder, 'public.gpg');
    execute('gpg', ['--batch', '--output', keyring, '--export', key]);
    const { status, output, error } = execute('helm', ['verify', archive, '--keyring', keyring]);
    expect([status, error]).toEqual([0, '']);
    expect(output).toContain(`Signed by: ${key}`);
  });

  it('is refused when a byte of it has changed', () => {
    const keyring = join(folder, 'public.gpg');
    const changed = join(folder, 'changed');
    mkdirSync(changed);
    execute('cp', [archive, `${archive}.prov`, changed]);
    const copy = join(changed, 'sluice-9.8.7.tgz');
    execute('sh', ['-c', 'printf x >> "$0"', copy]);
    expect(execute('helm', ['verify', copy, '--keyring', keyring]).status).not.toBe(0);
  });

  it('stands in an index with its version and its address', () => {
    const { entries } = parse(readFileSync(join(folder, 'charts/index.yaml'), 'utf8'));
    expect(entries.sluice).toMatchObject([
      { version: '9.8.7', appVersion: '6.5.4', urls: ['https://charts.example/sluice-9.8.7.tgz'] },
    ]);
  });

  it('renders as the folder does, with its own version', () => {
    const values = { redis: { url: 'redis://redis.example:6379' }, image: { tag: 'same' } };
    const fromArchive = template({ values, chart: archive });
    expect(fromArchive.error).toBe('');
    const versionless = (text: string) => text.replace(/(sluice-|app\.kubernetes\.io\/version: )\d+\.\d+\.\d+/g, '$1');
    expect(versionless(fromArchive.output)).toBe(versionless(template({ values }).output));
  });

  it('leaves room in the Secret of a release, which holds the chart and may have 1 MiB', () => {
    // Helm compresses chart and manifest and encodes them twice in base64.
    const manifest = gzipSync(template({ ci: 'all-on' }).output).length;
    expect((statSync(archive).size + manifest) * (4 / 3) ** 2).toBeLessThan(0.6 * 1024 * 1024);
  });

  it('holds what it renders from and nothing of its tests', () => {
    const names = execute('tar', ['--list', '--file', archive]).output.trim().split('\n');
    expect(names).toContain('sluice/values.schema.json');
    expect(names).toContain('sluice/files/self-test-api.yaml');
    expect(names.filter((name) => /\/ci\/|\.test\.|node_modules/.test(name))).toEqual([]);
  });
});

describe('Chart.yaml', () => {
  const chart = parse(readFileSync(join(chartFolder, 'Chart.yaml'), 'utf8'));
  const annotation = (name: string) => chart.annotations[`artifacthub.io/${name}`];

  it('says what Artifact Hub and Helm want to know', () => {
    expect(chart).toMatchObject({ apiVersion: 'v2', type: 'application', kubeVersion: '>=1.30.0-0' });
    for (const member of ['home', 'icon', 'sources', 'maintainers', 'keywords'])
      expect(chart[member], member).toBeTruthy();
    for (const name of ['license', 'category', 'prerelease', 'containsSecurityUpdates'])
      expect(annotation(name), name).toEqual(expect.any(String));
    expect(parse(annotation('links')).length).toBeGreaterThan(0);
    expect(parse(annotation('changes'))[0]).toMatchObject({ kind: 'added' });
  });

  it('names the image that is installed', () => {
    const [{ image }] = parse(annotation('images'));
    expect(template({ values: { redis: { url: 'redis://r:6379' } } }).output).toContain(`image: ${image}\n`);
    expect(chart.appVersion).toBe(parse(readFileSync(join(chartFolder, '../../../package.json'), 'utf8')).version);
  });
});
