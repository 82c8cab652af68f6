import { parseJson } from '../values/json-document.js';
import { displayText } from '../values/value-text.js';
import { HostObject, isNothing, TemplateFault } from '../values/values.js';
import type { RenderState } from './render-state.js';

/** `$util` (spec 06 §6.4). Null stays null. */
export class TemplateFunctions extends HostObject {
  constructor(private readonly state: RenderState) {
    super();
  }

  override call(name: string, args: readonly unknown[]): unknown {
    const [first] = args;
    if (isNothing(first) || !Object.hasOwn(functions, name)) return undefined;
    const text = displayText(first);
    // What a function reads counts like what it makes: reading a message as JSON a thousand times takes seconds.
    this.state.made(text);
    const result = functions[name]?.(text);
    return typeof result === 'string' ? this.state.made(result) : result;
  }
}

const functions: Record<string, (text: string) => unknown> = {
  escapeJavaScript,
  parseJson: (text) => {
    const value = parseJson(text);
    if (value === undefined) throw new TemplateFault('$util.parseJson() got a text that is no JSON');
    return value;
  },
  urlEncode,
  urlDecode,
  base64Encode: (text) => Buffer.from(text).toString('base64'),
  base64Decode: (text) => {
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.replace(/=+$/, '').length % 4 === 1) {
      throw new TemplateFault('$util.base64Decode() got a text that is no base64');
    }
    return Buffer.from(text, 'base64').toString();
  },
};

const shortEscapes: Record<string, string> = {
  '\b': '\\b',
  '\n': '\\n',
  '\t': '\\t',
  '\f': '\\f',
  '\r': '\\r',
  "'": "\\'",
  '"': '\\"',
  '\\': '\\\\',
  '/': '\\/',
};

/** As the escapeJavaScript of Apache commons-lang, which the model service's function is: `'` becomes `\'`, which JSON does not know. */
function escapeJavaScript(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is escaped
    /[\u0000-\u001f'"\\/\u0080-\uffff]/g,
    (character) =>
      shortEscapes[character] ?? `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`,
  );
}

/** As `java.net.URLEncoder`: a form's encoding, which leaves `* - . _` alone and writes a blank as `+`. A lone surrogate is U+FFFD. */
function urlEncode(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString())
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%20/g, '+');
}

function urlDecode(text: string): string {
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) throw new TemplateFault('$util.urlDecode() got a % without two hex digits');
  return text
    .replace(/\+/g, ' ')
    .replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) => Buffer.from(run.replace(/%/g, ''), 'hex').toString());
}
