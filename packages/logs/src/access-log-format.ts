import { type ContextValue, type ContextVariables, limits } from '@sluice/contracts';

/** An access log format that a stage cannot have; the message says why. */
export class InvalidLogFormatError extends Error {
  constructor(reason: string) {
    super(`access log format: ${reason}`);
    this.name = 'InvalidLogFormatError';
  }
}

/** One line, without its end, of one request. */
export type AccessLogFormat = (context: ContextVariables) => string;

// Without braces a name ends before a hyphen or a final dot: `$context.stage-$context.requestId.` has both as text.
const variablePattern = /\$\{context\.([^{}\s]+)\}|\$context\.([A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*)/g;

/**
 * Compiles `accessLogSettings.format` (spec 12 §12.3): `$context.a.b` and `${context.a.b}` are replaced, unknown and empty ones
 * by `-`, everything else is text. Characters of a value that would end a JSON string or the line are escaped. A line that
 * gets too long is cut. Throws `InvalidLogFormatError` on a format over 3 KB, of several lines, or without a request id.
 */
export function compileAccessLogFormat(format: string): AccessLogFormat {
  const text = format.replace(/[\r\n]+$/, '');
  if (Buffer.byteLength(text) > limits.accessLogFormatBytesMax) {
    throw new InvalidLogFormatError(`has more than ${limits.accessLogFormatBytesMax} bytes`);
  }
  if (/[\r\n\u2028\u2029]/.test(text)) throw new InvalidLogFormatError('has more than one line');
  const literals: string[] = [];
  const names: string[] = [];
  let end = 0;
  for (const match of text.matchAll(variablePattern)) {
    literals.push(text.slice(end, match.index));
    names.push(match[1] ?? match[2] ?? '');
    end = match.index + match[0].length;
  }
  if (!names.includes('requestId') && !names.includes('extendedRequestId')) {
    throw new InvalidLogFormatError('must contain $context.requestId or $context.extendedRequestId');
  }
  const last = text.slice(end);
  const readers = names.map(readerOf);
  return (context) => {
    let line = '';
    for (const [index, read] of readers.entries()) line += `${literals[index]}${read(context)}`;
    line += last;
    return line.length > limits.accessLogLineLengthMax ? line.slice(0, limits.accessLogLineLengthMax) : line;
  };
}

function readerOf(name: string): (context: ContextVariables) => string {
  if (name === 'error.messageString') {
    // The model service's one variable that brings its own quotes.
    const message = readerOf('error.message');
    return (context) => {
      const text = message(context);
      return text === '-' ? text : `"${text}"`;
    };
  }
  const path = name.split('.');
  return (context) => {
    let value: ContextValue = context;
    for (const member of path) {
      if (typeof value !== 'object' || !Object.hasOwn(value, member)) return '-';
      value = value[member];
    }
    if (value === undefined || value === '' || typeof value === 'object') return '-';
    return escapeValue(String(value));
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not reach the line
const unsafe = /["\\\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff]/;
const unescaped = /[\u007f-\u009f\u2028\u2029]/g;

function escapeValue(value: string): string {
  if (!unsafe.test(value)) return value;
  return JSON.stringify(value)
    .slice(1, -1)
    .replace(unescaped, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
