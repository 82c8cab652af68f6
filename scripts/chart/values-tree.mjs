// Reads a chart's values.yaml with its comments: `# -- text` describes the value below, `# @schema {…}` says what else its
// JSON Schema has. Pure: text in, tree out. A value without a description is an error, so that none goes undocumented.
import { parse } from 'yaml';

/**
 * @typedef {{ path: string[], description: string, schema: Record<string, unknown>, value: unknown, children: ValueNode[] | undefined }} ValueNode
 *   `children` of a map whose keys are known; undefined for whatever is taken as a whole.
 */

/** @returns {ValueNode[]} the values of the top level, in the order of the file */
export function readValuesTree(text) {
  const values = parse(text);
  const top = { children: [], indent: -1, path: [] };
  let open = [top];
  let comment = [];
  for (const line of text.split('\n')) {
    const note = /^\s*# ?(.*)$/.exec(line);
    const key = /^(\s*)([\w-]+):/.exec(line);
    if (note !== null) comment.push(note[1]);
    else if (key !== null) {
      const indent = key[1].length;
      open = open.filter((each) => each.indent < indent);
      const parent = open.at(-1);
      // Below what is taken as a whole nothing is a value of its own.
      if (parent.children !== undefined) {
        const node = readNode([...parent.path, key[2]], comment, values);
        parent.children.push(node);
        open.push(Object.assign(node, { indent }));
      }
      comment = [];
    } else comment = [];
  }
  return top.children;
}

function readNode(path, comment, values) {
  const value = path.reduce((map, name) => map[name], values);
  const at = comment.findIndex((line) => line.startsWith('-- '));
  const isSchema = (line) => line.startsWith('@schema ');
  const marked = comment.findIndex(isSchema);
  const described = at < 0 ? [] : comment.slice(at, marked < at ? undefined : marked);
  const schema = marked < 0 ? {} : parse(comment.slice(marked).join('\n').slice('@schema '.length));
  const whole = !isMap(value) || schema.open === true || schema.config === true;
  const description = described.join(' ').replace(/^-- /, '');
  if (whole && description === '') throw new Error(`values.yaml: ${path.join('.')} has no description: write # -- …`);
  if (!whole && Object.keys(value).length === 0)
    throw new Error(
      `values.yaml: ${path.join('.')} is an empty map: say what may be in it with # @schema {open: true}`,
    );
  return { path, description, schema, value, children: whole ? undefined : [] };
}

function isMap(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
