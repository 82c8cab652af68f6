import type { KeywordDefinition } from 'ajv';

/**
 * `uniqueItems` in time that grows with the text: ajv compares every item with every other, seconds for an array of a hundred
 * kilobytes.
 */
export const uniqueItems: KeywordDefinition = {
  keyword: 'uniqueItems',
  type: 'array',
  schemaType: 'boolean',
  validate: (unique: boolean, items: unknown[]) => {
    if (!unique || items.length < 2) return true;
    return new Set(items.map(canonicalJson)).size === items.length;
  },
};

/** The same text for values that are equal, whatever the order of their members. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
    // In a wrapping, so that no array of pairs looks the same.
    return { object: Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)) };
  });
}
