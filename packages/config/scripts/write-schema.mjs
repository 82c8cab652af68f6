// Writes what is generated from the schema: sluice.schema.json for editors and docs/configuration.md for people.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { documentConfiguration, jsonSchema } from '../dist/index.js';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
mkdirSync(at('../../../docs'), { recursive: true });
writeFileSync(at('../sluice.schema.json'), `${JSON.stringify(jsonSchema(), undefined, 2)}\n`);
writeFileSync(at('../../../docs/configuration.md'), documentConfiguration());
console.log('wrote packages/config/sluice.schema.json and docs/configuration.md');
