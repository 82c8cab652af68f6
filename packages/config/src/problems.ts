export type Path = readonly (string | number)[];

/** One thing that is wrong with the configuration. */
export interface Problem {
  path: Path;
  /** What is wrong and what would be right: a sentence that follows the path. */
  message: string;
  /** The key is wrong, not its value: the place shown is that of the key. */
  atKey?: boolean;
}

/** Where a value came from, when the reader wants to change it: a place in a file, a flag or a variable. */
export type FindOrigin = (path: Path, atKey: boolean) => string;

/** Every problem of a configuration at once. The message is ready to be shown to a person. */
export class ConfigError extends Error {
  readonly lines: string[];

  constructor(lines: string[]) {
    const count = lines.length === 1 ? 'one problem' : `${lines.length} problems`;
    super(`The configuration has ${count}:\n${lines.map((line) => `  ${line}`).join('\n')}`);
    this.name = 'ConfigError';
    this.lines = lines;
  }
}

/** One line a problem: origin, path, sentence. */
export function describeProblems(problems: Problem[], originOf: FindOrigin): string[] {
  const lines = problems.map(({ path, message, atKey }) => {
    const name = writePath(path);
    return `${originOf(path, atKey ?? false)}: ${name === '' ? '' : `${name} `}${message}`;
  });
  return [...new Set(lines)];
}

/** `apis.chat.routes["a.b"].integration`: quoted where a segment would be read as several. */
export function writePath(path: Path): string {
  let text = '';
  for (const segment of path) {
    if (typeof segment === 'number') text += `[${segment}]`;
    else if (!/^[A-Za-z0-9_$/-]+$/.test(segment)) text += `[${JSON.stringify(segment)}]`;
    else text += text === '' ? segment : `.${segment}`;
  }
  return text;
}

const secretKey = /secret|password|token|credentials|^url$|^value$/i;

// An API key written as a text instead of a map is one all the same.
function isSecret(path: Path): boolean {
  return secretKey.test(String(path.at(-1))) || (path[0] === 'apiKeys' && path.length <= 2);
}

/** The bad value as it can be shown: short, and no secret. */
export function showValue(path: Path, value: unknown): string {
  if (value === undefined) return 'missing';
  if (isSecret(path)) return typeof value === 'string' ? 'a text' : typeof value;
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  const text = (JSON.stringify(value) ?? String(value)).replace(/\/\/[^/@\s]*@/, '//…@');
  return text.length > 80 ? `${text.slice(0, 77)}…"` : text;
}
