import { compileBodyParts } from './route-selection-expression.js';

/** Whether a body may select one of the routes. False is certain, true is not. */
export type MayMention = (body: Uint8Array) => boolean;

/** With more keys to look for, parsing the body is no dearer. */
const keysMax = 4;
const backslash = 0x5c;

/**
 * A look at the bytes that spares most bodies the parser: a text that is a route key stands in the body as `"key"`, or with an
 * escape. Undefined where that does not hold: `$default` is selected by anything, an expression of several parts puts its value
 * together, and `10` or `true` may be the text of a number or a truth value. Throws `InvalidExpressionError`.
 */
export function compileRouteMention(
  routeSelectionExpression: string,
  routeKeys: readonly string[],
): MayMention | undefined {
  const [only, ...more] = compileBodyParts(routeSelectionExpression);
  if (more.length > 0 || !Array.isArray(only)) return undefined;
  if (routeKeys.length > keysMax || !routeKeys.every(isOnlyText)) return undefined;
  const needles = routeKeys.map((key) => Buffer.from(`"${key}"`));
  return (body) => {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    for (const needle of needles) if (bytes.includes(needle)) return true;
    return bytes.includes(backslash);
  };
}

/** Whether only a JSON text of exactly these bytes, or one with escapes, has this value: plain ASCII, and no other JSON value's text. */
function isOnlyText(key: string): boolean {
  return /^[A-Za-z_][ !#-[\]-~]*$/.test(key) && !['true', 'false', 'null'].includes(key);
}
