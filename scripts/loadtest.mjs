// `npm run loadtest`: builds what is stale, finds k6, then runs loadtest/. Options: `npm run loadtest -- --help`.
import { requireGoTools } from './go-tools.mjs';
import { setUp } from './set-up.mjs';
import { requireSystemTools } from './system-tools.mjs';

// stdout belongs to the result, which `--json` pipes on.
const printed = console.log;
console.log = console.error;
setUp();
const given = process.argv.slice(2);
if (!given.includes('--help')) {
  requireGoTools(['k6']);
  // A gateway that is up already has whatever it needs.
  if (!given.some((each) => /^--edge-url(?:=|$)/.test(each))) requireSystemTools(['Redis'], 'npm run loadtest');
}
console.log = printed;
const { runLoadtest } = await import('../loadtest/dist/index.js');
process.exitCode = await runLoadtest(given);
