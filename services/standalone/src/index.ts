export { expressionCheckers } from './expression-checkers.js';
export { type OpenDeadLetters, openDeadLetters } from './open-dead-letters.js';
export type { Role } from './services.js';
export { openSharedState, type SharedState } from './shared-state.js';
export {
  type Addresses,
  type RunningProcess,
  type StartOptions,
  startProcess,
} from './start-process.js';
export type { LiveSettings } from './take-over.js';
