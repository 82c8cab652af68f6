const secretName =
  /authorization|token|secret|password|passwd|cookie|api[-_]?key$|credential|signature|^x-amz-security|^body$|^payload$/i;
const depthMax = 4;
const itemsMax = 50;
const textLengthMax = 4_096;

/** What stands in a log line in place of a secret. */
export const redacted = '[redacted]';

/**
 * A copy of a log field without what a log must not hold: values under a name that promises a secret, and secrets inside
 * text. Depth, item count and text length are bounded, so that a huge or circular object cannot stall the process.
 */
export function redactField(name: string, value: unknown, depth = 0): unknown {
  if (value === undefined || value === null) return value;
  if (secretName.test(name)) return redacted;
  if (typeof value === 'string') return redactText(value);
  if (typeof value !== 'object') return typeof value === 'bigint' ? String(value) : value;
  if (value instanceof Error) return describeError(value, depth);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth >= depthMax) return '[deeper]';
  if (Array.isArray(value)) return redactArray(name, value, depth);
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value).slice(0, itemsMax)) copy[key] = redactField(key, member, depth + 1);
  return copy;
}

// Headers travel as [name, value] pairs in this gateway: there the secret's name is an element, not a key.
function redactArray(name: string, items: unknown[], depth: number): unknown {
  const [first, second] = items;
  if (items.length === 2 && typeof first === 'string' && typeof second === 'string') {
    return [redactText(first), redactField(first, second, depth + 1)];
  }
  return items.slice(0, itemsMax).map((item) => redactField(name, item, depth + 1));
}

/** Cuts what looks like a secret out of free text: URL passwords, AWS signatures, bearer and basic credentials, `token=…`. */
export function redactText(text: string): string {
  const short = text.length > textLengthMax ? `${text.slice(0, textLengthMax)}… (${text.length} characters)` : text;
  return short
    .replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:)[^\s/@]+@/gi, `$1${redacted}@`)
    .replace(/\b(AWS4-HMAC-SHA256)\b[^\n]*/g, `$1 ${redacted}`)
    .replace(/\b(Bearer|Basic)\s+[A-Za-z0-9+/=._~-]{6,}/gi, `$1 ${redacted}`)
    .replace(
      /\b(authorization|(?:x-amz-)?(?:security-)?token|access_token|secret(?:accesskey)?|password|x-amz-signature|api[-_]?key)(["']?\s*[=:]\s*["']?)[^\s"'&,;]+/gi,
      `$1$2${redacted}`,
    );
}

interface ErrorDescription {
  type: string;
  message: string;
  stack?: string;
  code?: unknown;
  cause?: unknown;
}

function describeError(error: Error, depth: number): ErrorDescription {
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: redactText(error.message),
    ...(error.stack === undefined ? {} : { stack: redactText(error.stack) }),
    ...(code === undefined ? {} : { code }),
    ...(error.cause === undefined || depth >= depthMax ? {} : { cause: redactField('cause', error.cause, depth + 1) }),
  };
}
