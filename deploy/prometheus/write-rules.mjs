// `npm run rules`: writes the rules for a Prometheus without the operator, and their page in the docs.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { alertsPage, rulesFile } from './rules-file.mjs';

const write = (name, text) => {
  writeFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)), text);
  console.log(`wrote ${name}`);
};
write('deploy/prometheus/rules.yaml', rulesFile());
write('docs/operate/alerts.md', alertsPage());
