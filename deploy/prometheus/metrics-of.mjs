/** The metrics that a PromQL expression names: words outside strings and label lists that are none of the language's own. */
export function metricsOf(expr) {
  const bare = expr
    .replace(/"(?:[^"\\]|\\.)*"/g, '""')
    .replace(/\{[^}]*\}/g, '')
    .replace(/\[[^\]]*\]/g, '')
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, '');
  return [...new Set(bare.match(/[a-zA-Z_:][\w:]*(?!\w|\s*\()/g) ?? [])].filter((word) => !keywords.has(word));
}

const keywords = new Set(['and', 'or', 'unless', 'by', 'without', 'on', 'ignoring', 'offset', 'bool', 'e']);
