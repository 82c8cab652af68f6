import type { Chapter } from '../rule.js';
import { routing } from './02-routing.js';
import { clientErrors } from './03-client-errors.js';
import { models } from './13-models.js';

/** Every chapter, in the order of the specification. */
export const chapters: readonly Chapter[] = [routing, clientErrors, models];
