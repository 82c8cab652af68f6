// `node scripts/check-house.mjs`: checks the house rules on every workspace package; exit 1 with one line a finding.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkPackage } from './house/rules.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

function readPackage(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const tsconfig = join(folder, 'tsconfig.json');
  const references = existsSync(tsconfig) ? (JSON.parse(readFileSync(tsconfig, 'utf8')).references ?? []) : [];
  const source = join(folder, 'src');
  const paths = existsSync(source) ? readdirSync(source, { recursive: true }).map(String) : [];
  const files = new Map(
    paths.filter((path) => path.endsWith('.ts')).map((path) => [path, readFileSync(join(source, path), 'utf8')]),
  );
  return {
    name: manifest.name.replace('@sluice/', ''),
    dependencies: Object.keys(manifest.dependencies ?? {}),
    devDependencies: Object.keys(manifest.devDependencies ?? {}),
    references: references.map((reference) => basename(reference.path)),
    files,
  };
}

const folders = ['packages', 'services']
  .flatMap((group) => readdirSync(join(root, group)).map((name) => join(root, group, name)))
  .filter((folder) => existsSync(join(folder, 'package.json')));
const findings = folders.flatMap((folder) => checkPackage(readPackage(folder)));
for (const finding of findings) console.error(finding);
if (findings.length > 0) {
  console.error(`house: ${findings.length} finding${findings.length === 1 ? '' : 's'} in ${folders.length} packages`);
  process.exit(1);
}
console.log(`house: ${folders.length} packages under ${relative(process.cwd(), root) || '.'} keep the rules`);
