import { limits } from '@sluice/contracts';

const shownCharsMax = limits.backEndDetailCharsMax;

/** `errorMessage` of the error object that a failed function leaves; empty where it left none. */
export function errorMessageOf(payload: Uint8Array): string {
  const value = parseJson(payload);
  if (typeof value !== 'object' || value === null || !('errorMessage' in value)) return '';
  return typeof value.errorMessage === 'string' ? value.errorMessage : '';
}

/** Why the function was not invoked, for the log: status, the service's name for the error, its message. */
export function refusalOf(
  status: number,
  headers: readonly (readonly [name: string, value: string])[],
  body: Uint8Array,
): string {
  const type = headers.find(([name]) => name.toLowerCase() === 'x-amzn-errortype')?.[1];
  const message = messageOf(parseJson(body));
  return ['the function was not invoked: status', status, type, message]
    .filter((part) => part !== undefined && part !== '')
    .map((part) => shown(String(part)))
    .join(' ');
}

/** What a back end wrote, fit for a line of the log. */
export function shown(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not pass
  return text.slice(0, shownCharsMax).replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ');
}

export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  } catch {
    return undefined;
  }
}

function messageOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  for (const member of ['Message', 'message'] as const) {
    const text: unknown = (value as Record<string, unknown>)[member];
    if (typeof text === 'string') return text;
  }
  return undefined;
}
