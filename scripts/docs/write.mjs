// `npm run docs`: writes the pages that are generated from contracts and telemetry, from the build.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as contracts from '@sluice/contracts';
import * as telemetry from '@sluice/telemetry';
import { errorsPage, metricsPage } from './pages.mjs';

const pages = { 'errors.md': errorsPage(contracts), 'metrics.md': metricsPage({ ...telemetry, ...contracts }) };
for (const [name, page] of Object.entries(pages)) {
  writeFileSync(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), page);
  console.log(`wrote docs/${name}`);
}
