// The table of values in the chart's README.md, between its two marks.
const start = '<!-- values:start -->';
const end = '<!-- values:end -->';

/** @param {string} page README.md as it is @param {import('./values-tree.mjs').ValueNode[]} tree */
export function withValuesTable(page, tree) {
  const from = page.indexOf(start);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`README.md lacks the marks ${start} and ${end}`);
  return `${page.slice(0, from)}${start}\n\n${tables(tree)}\n\n${page.slice(to)}`;
}

/** A table for what stands at the top, then one for each map. */
function tables(tree) {
  const single = tree.filter(({ children }) => children === undefined);
  const maps = tree.filter(({ children }) => children !== undefined);
  const sections = maps.map((map) => [`### \`${map.path[0]}\``, map.description, table(leaves(map))].filter(Boolean));
  return [['### At the top', table(single)], ...sections].flat().join('\n\n');
}

function leaves(node) {
  return node.children === undefined ? [node] : node.children.flatMap(leaves);
}

function table(nodes) {
  const rows = nodes.map(({ path, value, description, schema }) => {
    return `| \`${path.join('.')}\` | ${defaultText(value)} | ${cell(description + allowedText(schema))} |`;
  });
  return ['| value | default | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

function defaultText(value) {
  const text = JSON.stringify(value);
  if (text === '""' || text === '[]' || text === '{}' || text === 'null') return '';
  return `\`${cell(text)}\``;
}

function allowedText({ enum: allowed }) {
  if (allowed === undefined) return '';
  const named = allowed.filter((each) => each !== '').map((each) => `\`${each}\``);
  return ` One of ${named.join(', ')}.`;
}

function cell(text) {
  return text.replaceAll('|', '\\|');
}
