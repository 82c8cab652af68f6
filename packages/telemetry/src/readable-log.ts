import { inspect } from 'node:util';

// SGR codes; `styleText` of node:util is missing from the first releases of Node 20.
const codes = { dim: 2, yellow: 33, red: 31, cyan: 36 };
type Colour = keyof typeof codes;

const colours: Record<string, Colour> = { debug: 'dim', info: 'cyan', warn: 'yellow', error: 'red' };

/** A log destination that turns JSON lines into short ones for a terminal: time, level, event, text, fields. */
export function readableLines(write: (line: string) => void, coloured: boolean): { write(line: string): void } {
  return { write: (line) => write(readableLine(line, coloured)) };
}

/** One JSON log line as a person wants to read it; what is not such a line stays as it is. */
export function readableLine(line: string, coloured: boolean): string {
  const paint = (colour: Colour, text: string) => (coloured ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text);
  let parsed: Record<string, unknown>;
  try {
    parsed = JSON.parse(line);
  } catch {
    return line;
  }
  const { ts, level, event, msg, role: _role, err, ...fields } = parsed;
  const time = String(ts).slice(11, 19);
  const rest = Object.entries(fields).map(([name, value]) => paint('dim', `${name}=${shown(value)}`));
  const head = `${paint('dim', time)} ${paint(colours[String(level)] ?? 'dim', String(level).padEnd(5))} ${printable(String(msg))}`;
  const tail = [paint('dim', `(${event})`), ...rest].join(' ');
  return `${head} ${tail}${errorText(err)}\n`;
}

function shown(value: unknown): string {
  return typeof value === 'string'
    ? printable(value)
    : inspect(value, { breakLength: Number.POSITIVE_INFINITY, depth: 3 });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not reach the terminal
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** Execution logs show what clients send: it must neither steer the terminal nor look like a line of ours. */
function printable(text: string): string {
  return text.replace(controls, (character) => {
    const short = JSON.stringify(character).slice(1, -1);
    return short === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : short;
  });
}

function errorText(err: unknown): string {
  if (err === undefined) return '';
  const { stack, type, message } = err as { stack?: string; type?: string; message?: string };
  return `\n    ${(stack ?? `${type}: ${message}`).replaceAll('\n', '\n    ')}`;
}
