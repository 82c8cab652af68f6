import { resolve } from 'node:path';
import { type FileInput, keyListSchema } from './file-schema.js';
import { ConfigError, describeProblems, type Path } from './problems.js';
import { checkSchema } from './schema-issues.js';
import type { AccessKey, AuthSettings, Command } from './settings.js';
import { type OnFileRead, readYamlFile } from './yaml-file.js';

type Report = (path: Path, message: string) => void;

export interface AuthParts {
  command: Command;
  auth: FileInput['auth'];
  /** Where the process listens, for the default. */
  host: string;
  clustered: boolean;
  /** Directory of the configuration file. */
  directory: string;
  onFileRead: OnFileRead | undefined;
  report: Report;
  warn(text: string): void;
}

/**
 * Who may call `@connections`. Only the gateway on a developer's own machine is open by default; everything else wants
 * signatures, and does not start without a key: an accidental `none` in a cluster would let anybody write to every client.
 */
export function resolveAuth(parts: AuthParts): AuthSettings {
  const { command, auth, host, clustered, report, warn } = parts;
  const openByDefault = command === 'start' && !clustered && isLoopback(host);
  const callback = auth.callback ?? (openByDefault ? 'none' : 'sigv4');
  const keys = [...auth.keys, ...keysFromFile(parts)].map(completeKey);
  const ids = new Set<string>();
  for (const { accessKeyId } of keys) {
    if (ids.has(accessKeyId)) report(['auth', 'keys'], `has ${accessKeyId} twice`);
    ids.add(accessKeyId);
  }
  if (command !== 'router' && callback === 'sigv4' && keys.length === 0) {
    report(
      ['auth'],
      'has no key, and @connections requests must be signed: write auth: { keys: [{ accessKeyId: …, secretAccessKey: …, allow: ["*"] }] }, give --auth-keys-file, or let everybody in with auth: { callback: none }',
    );
  }
  if (callback === 'none' && !isLoopback(host) && command !== 'router') {
    warn(`auth.callback is none and ${host} is no loopback address: whoever reaches it can write to every connection`);
  }
  if (auth.control !== undefined) warn('auth.control has no effect: this version serves no control API');
  return { callback, keys };
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function keysFromFile({ auth, directory, onFileRead }: AuthParts): FileInput['auth']['keys'] {
  if (auth.keysFile === undefined) return [];
  const file = readYamlFile(resolve(directory, auth.keysFile), auth.keysFile, onFileRead);
  const checked = checkSchema(keyListSchema, file.content);
  if ('value' in checked && file.duplicates.length === 0) return checked.value;
  const problems = 'problems' in checked ? checked.problems : [];
  throw new ConfigError([...file.duplicates, ...describeProblems(problems, file.placeOf)]);
}

function completeKey(key: FileInput['auth']['keys'][number]): AccessKey {
  return { ...key, sessionToken: key.sessionToken };
}
