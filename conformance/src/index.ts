export { chapters } from './chapters/index.js';
export { runConformance } from './command.js';
export { runAgainst, runAgainstOwn } from './run/conformance.js';
export type { RuleResult } from './run/run-rules.js';
export { countByChapter, renderTable } from './run/table.js';
