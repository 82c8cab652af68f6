// `npm run fuzz`: sets up and builds what is missing, then runs fuzz/. Options: `npm run fuzz -- --help`.
import { setUp } from './set-up.mjs';

setUp();
const { runFuzz } = await import('../fuzz/dist/index.js');
process.exitCode = await runFuzz(process.argv.slice(2));
