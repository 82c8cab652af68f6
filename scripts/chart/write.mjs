// `npm run chart`: writes what is generated from the chart's values.yaml and the schema of sluice.yaml.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withValuesTable } from './values-page.mjs';
import { valuesSchema } from './values-schema.mjs';
import { readValuesTree } from './values-tree.mjs';

const at = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const read = (path) => readFileSync(at(path), 'utf8');
const chart = 'deploy/helm/sluice';

const tree = readValuesTree(read(`${chart}/values.yaml`));
const pages = {
  'values.schema.json': `${JSON.stringify(valuesSchema(tree, JSON.parse(read('packages/config/sluice.schema.json'))), undefined, 2)}\n`,
  'README.md': withValuesTable(read(`${chart}/README.md`), tree),
};
for (const [name, text] of Object.entries(pages)) {
  writeFileSync(at(`${chart}/${name}`), text);
  console.log(`wrote ${chart}/${name}`);
}
