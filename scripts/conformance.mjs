// `npm run conformance`: sets up and builds what is missing, then runs conformance/. Options: `npm run conformance -- --help`.
import { setUp } from './set-up.mjs';
import { requireSystemTools } from './system-tools.mjs';

setUp();
// A gateway that is up already has whatever it needs.
const ownGateway = !process.argv.some((each) => /^--(?:address|help)(?:=|$)/.test(each));
if (ownGateway) requireSystemTools(['Redis'], 'npm run conformance');
const { runConformance } = await import('../conformance/dist/index.js');
process.exitCode = await runConformance(process.argv.slice(2));
