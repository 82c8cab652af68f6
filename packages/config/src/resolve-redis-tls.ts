import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { RedisTls } from '@sluice/contracts';
import type { FileInput } from './file-schema.js';
import type { Path } from './problems.js';
import type { OnFileRead } from './yaml-file.js';

export interface RedisTlsParts {
  redis: NonNullable<FileInput['redis']>;
  /** Directory of the configuration file. */
  directory: string;
  onFileRead: OnFileRead | undefined;
  report(path: Path, message: string): void;
  warn(text: string): void;
}

/** TLS to Redis, its files read and looked at; undefined where connections are plain. What is wrong with a file is said without its content. */
export function resolveRedisTls(parts: RedisTlsParts): RedisTls | undefined {
  const { tls, url } = parts.redis;
  const ofUrl = url?.startsWith('rediss:') === true;
  if (tls === undefined) return ofUrl ? { rejectUnauthorized: true, sentinels: true } : undefined;
  const { enabled, serverName, rejectUnauthorized, sentinels } = tls;
  if (!enabled) {
    if (ofUrl) parts.report(['redis', 'tls', 'enabled'], 'is false, and redis.url is rediss://; keep one');
    return undefined;
  }
  if (!rejectUnauthorized) {
    parts.warn('redis.tls.rejectUnauthorized is false: whoever is on the way to Redis can read and change everything');
  }
  const ca = readPem(parts, 'caFile', checkCertificates);
  const cert = readPem(parts, 'certFile', checkCertificates);
  const key = readPem(parts, 'keyFile', (pem) => void createPrivateKey(pem));
  checkPair(parts, cert, key);
  return { ca, cert, key, serverName, rejectUnauthorized, sentinels };
}

type FileKey = 'caFile' | 'certFile' | 'keyFile';

function readPem(
  { redis, directory, onFileRead, report }: RedisTlsParts,
  name: FileKey,
  check: (pem: string) => void,
): string | undefined {
  const shown = redis.tls?.[name];
  if (shown === undefined) return undefined;
  const file = resolve(directory, shown);
  const path = ['redis', 'tls', name];
  let pem: string | undefined;
  try {
    pem = readFileSync(file, 'utf8');
  } catch (error) {
    report(path, `is ${JSON.stringify(shown)}, which cannot be read: ${(error as Error).message}`);
  }
  onFileRead?.(file, pem);
  if (pem === undefined) return undefined;
  try {
    check(pem);
    return pem;
  } catch (error) {
    const wanted = name === 'keyFile' ? 'a private key in PEM form, without a passphrase' : 'certificates in PEM form';
    report(path, `is ${JSON.stringify(shown)}, which does not hold ${wanted}: ${(error as Error).message}`);
    return undefined;
  }
}

function checkCertificates(pem: string): void {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g);
  if (blocks === null) throw new Error('there is no BEGIN CERTIFICATE');
  for (const block of blocks) new X509Certificate(block);
}

function checkPair({ redis, report }: RedisTlsParts, cert: string | undefined, key: string | undefined): void {
  const { certFile, keyFile } = redis.tls ?? {};
  if ((certFile === undefined) !== (keyFile === undefined)) {
    const [has, lacks] = certFile === undefined ? ['keyFile', 'certFile'] : ['certFile', 'keyFile'];
    report(['redis', 'tls', lacks], `is missing; ${has} is of no use without it`);
  }
  if (cert === undefined || key === undefined) return;
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    report(['redis', 'tls', 'keyFile'], `is not the key of certFile: ${(error as Error).message}`);
  }
}
