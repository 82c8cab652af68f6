// `npm run conformance`: sets up and builds what is missing, then runs conformance/. Options: `npm run conformance -- --help`.
import { setUp } from './set-up.mjs';
import { requireSystemTools } from './system-tools.mjs';

setUp();
requireSystemTools();
const { runConformance } = await import('../conformance/dist/index.js');
process.exitCode = await runConformance(process.argv.slice(2));
