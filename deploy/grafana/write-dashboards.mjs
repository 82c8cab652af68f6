// `npm run dashboards`: writes the JSON that the chart and people import.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { dashboards, dashboardText } from './dashboards/index.mjs';

const directory = fileURLToPath(new URL('../helm/sluice/dashboards/', import.meta.url));
mkdirSync(directory, { recursive: true });
for (const name of Object.keys(dashboards)) {
  writeFileSync(`${directory}${name}.json`, dashboardText(name));
  console.log(`wrote deploy/helm/sluice/dashboards/${name}.json`);
}
