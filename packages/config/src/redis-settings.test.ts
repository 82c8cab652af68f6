import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Certificates, makeCertificates } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, type Environment, loadSettings } from './index.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-redis-settings-'));
const apis = { chat: { routes: { $default: 'http://127.0.0.1:9000/' }, stages: { dev: {} } } };
let certificates: Certificates;

beforeAll(() => {
  certificates = makeCertificates();
  writeFileSync(join(folder, 'none.pem'), 'pl4nted');
});
afterAll(() => {
  certificates.remove();
  rmSync(folder, { recursive: true });
});

function load(redis: object | undefined, env: Environment = {}, files: string[] = []) {
  writeFileSync(join(folder, 'sluice.yaml'), JSON.stringify({ apis, ...(redis === undefined ? {} : { redis }) }));
  return loadSettings({ command: 'router', env, cwd: folder, onFileRead: (path) => void files.push(path) });
}

function problems(redis: object | undefined, env: Environment = {}): string {
  try {
    load(redis, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.lines.join('\n');
    throw error;
  }
  return '';
}

const url = 'redis://redis.example.com:6379';

describe('variables of Redis', () => {
  it('are enough for Sentinel with TLS, secrets included; nothing of it needs the file', () => {
    const { caFile, client } = certificates;
    const { redis } = load(undefined, {
      SLUICE_REDIS_MODE: 'sentinel',
      SLUICE_REDIS_NODES: 'one.example.com:26379, two.example.com:26379',
      SLUICE_REDIS_SENTINEL_NAME: 'main',
      SLUICE_REDIS_SENTINEL_USERNAME: 'watcher',
      SLUICE_REDIS_SENTINEL_PASSWORD: 'sp',
      SLUICE_REDIS_USERNAME: 'u',
      SLUICE_REDIS_PASSWORD: 'p@',
      SLUICE_REDIS_TLS_CA_FILE: caFile,
      SLUICE_REDIS_TLS_CERT_FILE: client.certFile,
      SLUICE_REDIS_TLS_KEY_FILE: client.keyFile,
      SLUICE_REDIS_TLS_SERVER_NAME: 'redis.example.com',
    });
    expect(redis).toEqual({
      mode: 'sentinel',
      url: 'rediss://u:p%40@one.example.com:26379',
      nodes: ['one.example.com:26379', 'two.example.com:26379'],
      sentinelName: 'main',
      sentinelUsername: 'watcher',
      sentinelPassword: 'sp',
      keyPrefix: 'sluice',
      shards: 1,
      tls: {
        ca: readFileSync(caFile, 'utf8'),
        cert: readFileSync(client.certFile, 'utf8'),
        key: readFileSync(client.keyFile, 'utf8'),
        serverName: 'redis.example.com',
        rejectUnauthorized: true,
        sentinels: true,
      },
    });
  });

  it('say what is wrong with them by their own names', () => {
    const env = { SLUICE_REDIS_MODE: 'ring', SLUICE_REDIS_NODES: 'a:1,b', SLUICE_REDIS_TLS: 'yes' };
    const found = problems(undefined, env);
    expect(found).toContain('SLUICE_REDIS_MODE: redis.mode is "ring"; allowed: standalone, sentinel, cluster');
    expect(found).toContain('SLUICE_REDIS_NODES: redis.nodes[1] is "b"; allowed: host:port');
    expect(found).toContain('SLUICE_REDIS_TLS: redis.tls.enabled is "yes"; allowed: true, false');
  });
});

describe('redis.tls', () => {
  it('is on with a rediss:// URL, and on where it is given', () => {
    const trusted = { rejectUnauthorized: true, sentinels: true };
    expect(load({ url: 'rediss://redis.example.com' }).redis?.tls).toEqual(trusted);
    expect(load({ url, tls: {} }).redis).toMatchObject({ url: 'rediss://redis.example.com:6379', tls: trusted });
    expect(load({ url, tls: { enabled: false } }).redis).toMatchObject({ url, tls: undefined });
    expect(load({ url }).redis?.tls).toBeUndefined();
  });

  it('tells whoever watches of its files', () => {
    const files: string[] = [];
    load({ url, tls: { caFile: certificates.caFile } }, {}, files);
    expect(files).toContain(certificates.caFile);
  });

  it.each([
    [
      'a file that is not there',
      { caFile: 'gone.pem' },
      'redis.tls.caFile is "gone.pem", which cannot be read: ENOENT',
    ],
    [
      'a file of something else',
      { caFile: 'none.pem' },
      'redis.tls.caFile is "none.pem", which does not hold certificates in PEM form: there is no BEGIN CERTIFICATE',
    ],
    [
      'a key that is none',
      () => ({ certFile: certificates.client.certFile, keyFile: 'none.pem' }),
      'which does not hold a private key in PEM form',
    ],
    [
      'a certificate alone',
      () => ({ certFile: certificates.client.certFile }),
      'redis.tls.keyFile is missing; certFile is of no use without it',
    ],
    [
      'the key of another certificate',
      () => ({ certFile: certificates.client.certFile, keyFile: certificates.server.keyFile }),
      'redis.tls.keyFile is not the key of certFile',
    ],
    ['an unknown member', { ca: 'x' }, 'redis.tls.ca is no known key; allowed: enabled, caFile, certFile'],
  ])('refuses %s, without showing it', (_what, tls, message) => {
    const found = problems({ url, tls: typeof tls === 'function' ? tls() : tls });
    expect(found).toContain(message);
    expect(found).not.toMatch(/pl4nted|-----/);
  });

  it('refuses what contradicts itself', () => {
    expect(problems({ url: 'rediss://x', tls: { enabled: false } })).toContain('is false, and redis.url is rediss://');
    expect(problems({ url, sentinelPassword: 'x' })).toContain('redis.sentinelPassword is only for mode sentinel');
  });

  it('warns where nothing is checked', () => {
    const { warnings } = load({ url, tls: { rejectUnauthorized: false } });
    expect(warnings.join()).toContain('redis.tls.rejectUnauthorized is false');
  });
});
