import { readFileSync, statSync } from 'node:fs';
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLError,
} from 'yaml';
import { ConfigError, type Path, type Problem } from './problems.js';

// A definition of the largest API the service allows has some hundred kilobytes.
const fileBytesMax = 8 * 1024 * 1024;

export interface YamlFile {
  content: unknown;
  /** Keys that stand twice, each with its place: a path could not tell the two apart. */
  duplicates: string[];
  /** Names that cannot be used. */
  problems: Problem[];
  /** `sluice.yaml:12:5` of the value (or its key) at the path, or of the nearest map that holds it. */
  placeOf(path: Path, atKey: boolean): string;
  /** Keys of the map at the path, in the order of the file: a JavaScript object puts numbers first. */
  keysOf(path: Path): string[];
}

/** Hears of every file that is read, with its content; undefined where it could not be read. */
export type OnFileRead = (path: string, text: string | undefined) => void;

/** Reads a YAML (or JSON) file. Throws `ConfigError` where it cannot be read or is no YAML at all. */
export function readYamlFile(file: string, shownName: string, onFileRead?: OnFileRead): YamlFile {
  const text = readText(file, shownName, onFileRead);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${shownName}:${line}:${col}`;
  };
  const fatal = document.errors.filter(({ code }) => code !== 'DUPLICATE_KEY');
  if (fatal.length > 0) throw new ConfigError(fatal.map((error) => `${place(error.pos[0])}: ${syntaxText(error)}`));
  const duplicates = document.errors.map((error) => `${place(error.pos[0])}: ${duplicateText(text, error)}`);
  let content: unknown;
  try {
    content = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new ConfigError([`${shownName}: ${(error as Error).message}`]);
  }
  return {
    content,
    duplicates,
    problems: forbiddenKeys(content),
    placeOf: (path, atKey) => place(offsetOf(document.contents, path, atKey)),
    keysOf: (path) => keysAt(document, path),
  };
}

/** Through aliases and merges too: what they stand for has an order of its own. */
function keysAt(document: Document, path: Path): string[] {
  let node: unknown = document.contents;
  for (const name of path) node = membersOf(document, node).find(([key]) => key === String(name))?.[1];
  return membersOf(document, node).map(([key]) => key);
}

function membersOf(document: Document, node: unknown): [key: string, value: unknown][] {
  const map = isAlias(node) ? node.resolve(document) : node;
  if (isSeq(map)) return map.items.flatMap((item) => membersOf(document, item));
  if (!isMap(map)) return [];
  const own = new Set(map.items.map(({ key }) => nameOf(key)));
  return map.items.flatMap(({ key, value }): [string, unknown][] =>
    isMergeKey(key) ? membersOf(document, value).filter(([name]) => !own.has(name)) : [[nameOf(key), value]],
  );
}

function nameOf(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}

/** `<<`, which the library reads as a symbol of that name. */
function isMergeKey(key: unknown): boolean {
  return isScalar(key) && (key.value === '<<' || typeof key.value === 'symbol');
}

function readText(file: string, shownName: string, onFileRead?: OnFileRead): string {
  try {
    const { size } = statSync(file);
    if (size > fileBytesMax) throw new ConfigError([`${shownName}: ${size} bytes; at most ${fileBytesMax} are read`]);
    const text = readFileSync(file, 'utf8');
    onFileRead?.(file, text);
    return text;
  } catch (error) {
    onFileRead?.(file, undefined);
    if (error instanceof ConfigError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new ConfigError([`${shownName}: there is no such file`]);
    throw new ConfigError([`${shownName}: cannot be read: ${message}`]);
  }
}

function syntaxText(error: YAMLError): string {
  return `is no valid YAML: ${error.message.split('\n')[0]}`;
}

function duplicateText(text: string, error: YAMLError): string {
  const key = /^[^:\s]+/.exec(text.slice(error.pos[0]))?.[0] ?? '';
  return `${key} stands twice in the same map; each key can be there once`;
}

/** `__proto__` is no name for anything, and objects treat it in their own way. */
function forbiddenKeys(value: unknown, path: Path = []): Problem[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    if (key === '__proto__') return [{ path: [...path, key], message: 'is not allowed as a name', atKey: true }];
    return forbiddenKeys(member, [...path, key]);
  });
}

function offsetOf(contents: unknown, path: Path, atKey: boolean): number {
  let node: unknown = contents;
  let offset = startOf(node) ?? 0;
  for (const segment of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => nameOf(key) === String(segment));
      if (pair === undefined) return offset;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else {
      node = (node as { items?: unknown[] } | null)?.items?.[Number(segment)];
      offset = startOf(node) ?? offset;
    }
  }
  return atKey ? offset : (startOf(node) ?? offset);
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? ((node as Node).range?.[0] ?? undefined) : undefined;
}
