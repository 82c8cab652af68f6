import { isIP } from 'node:net';
import { limits } from '@sluice/contracts';
import { z } from 'zod';

// Each kind of value carries, as its error text, what would have been allowed: the reader of an error should not have to
// look anything up. `problems.ts` puts path, place and the bad value in front.

export function wholeNumber(min: number, max: number, unit: string) {
  const error = `allowed: a whole number from ${min} to ${max}${unit === '' ? '' : ` (${unit})`}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

export function oneOf<const T extends readonly [string, ...string[]]>(values: T) {
  return z.enum(values, { error: `allowed: ${values.join(', ')}` });
}

export function text(lengthMin: number, lengthMax: number) {
  const error =
    lengthMin === 0
      ? `allowed: text of at most ${lengthMax} characters`
      : `allowed: text of ${lengthMin} to ${lengthMax} characters`;
  return z.string({ error }).min(lengthMin, { error }).max(lengthMax, { error });
}

export function textLike(pattern: RegExp, allowed: string) {
  const error = `allowed: ${allowed}`;
  return z.string({ error }).regex(pattern, { error });
}

/** Names under which the parts of a definition stand. */
export const nameForm = textLike(/^[A-Za-z0-9_-]{1,128}$/, '1 to 128 of A-Z, a-z, 0-9, _ and -');

export function addressRange() {
  const error = 'allowed: an address range such as 10.0.0.0/8, fd00::/8 or 203.0.113.7/32';
  return z.string({ error }).refine(isAddressRange, { error });
}

/** `address/prefix length`, of either kind of address. */
export function isAddressRange(value: unknown): value is string {
  const [, address = '', prefixLength] = /^([\da-fA-F.:]+)\/(\d{1,3})$/.exec(String(value)) ?? [];
  return isIP(address) !== 0 && Number(prefixLength) <= (isIP(address) === 6 ? 128 : 32);
}

export function yesOrNo() {
  return z.boolean({ error: 'allowed: true, false' });
}

/** Tags and descriptions say nothing to the gateway; they are accepted so that a definition can be carried over whole. */
export const description = text(0, 1024).optional().describe('For people; the gateway does not use it.');
export const tags = z
  .record(textLike(/^(?!aws:)[\s\S]{1,128}$/, '1 to 128 characters, not beginning with aws:'), text(0, 256), {
    error: 'allowed: a map of text to text',
  })
  .refine((map) => Object.keys(map).length <= limits.tagsMax, { error: `allowed: at most ${limits.tagsMax} tags` })
  .optional()
  .describe('For people; the gateway does not use them.');

function realNumber(min: number, max: number, unit: string) {
  const error = `allowed: a number from ${min} to ${max} (${unit})`;
  return z.number({ error }).min(min, { error }).max(max, { error });
}

const rateMax = 1_000_000;

/** Rate of a throttle. */
export function perSecond() {
  return realNumber(0, rateMax, 'per second');
}

/** Burst of a throttle. */
export function atOneMoment() {
  return wholeNumber(0, rateMax, 'at one moment');
}

export function textMap(keyLengthMax: number, valueLengthMax: number) {
  return z.record(text(1, keyLengthMax), text(0, valueLengthMax), { error: 'allowed: a map of text to text' });
}

/** Members that only AWS fills in: accepted, so that what it shows can be carried over as it is. */
export const shownByAws = z.unknown().optional().describe('Accepted as AWS shows it; the gateway does not use it.');
