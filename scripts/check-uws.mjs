// `node scripts/check-uws.mjs`: checks the uWebSockets.js binary that this Node would load against scripts/uws-binaries.json.
// `--write` puts the binaries that are installed on the list instead, after a change of the library (docs/uwebsockets.md).
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { binaryFault, listBinaries, packageFolders, readList, writeList } from './uws-binary.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const [folder, ...more] = packageFolders(root);

if (process.argv.includes('--write')) {
  if (more.length > 0) {
    console.error(
      `There are several copies of uWebSockets.js: ${[folder, ...more].join(', ')}. Give all services the same one.`,
    );
    process.exit(1);
  }
  const list = listBinaries(folder);
  writeList(root, list);
  console.log(
    `scripts/uws-binaries.json has ${Object.keys(list.sha256).length} binaries of ${list.package} ${list.version} now`,
  );
} else {
  const list = readList(root);
  const faults = [folder, ...more].map((each) => binaryFault(each, list)).filter((fault) => fault !== undefined);
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
