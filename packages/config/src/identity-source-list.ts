/**
 * Identity sources as a list: AWS takes a list whose entries may hold several with commas between them. Undefined for what is
 * neither list nor text; an empty text means none (spec 08 §8.1).
 */
export function identitySourcesOf(value: unknown): string[] | undefined {
  const entries = value === undefined ? [] : typeof value === 'string' ? [value] : value;
  if (!Array.isArray(entries) || entries.some((each) => typeof each !== 'string')) return undefined;
  return (entries as string[])
    .flatMap((each) => each.split(','))
    .map((each) => each.trim())
    .filter((each) => each !== '');
}
