import type { ContextPlace } from '@sluice/contracts';
import type { RouteJournal } from './journal.js';
import type { StageCompilation } from './stage-compilation.js';

export function prepareJournal(_stage: StageCompilation, _place: ContextPlace): RouteJournal | undefined {
  return undefined;
}
