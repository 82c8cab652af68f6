import type { Chapter } from '../rule.js';
import { routing } from './02-routing.js';

/** Every chapter, in the order of the specification. */
export const chapters: readonly Chapter[] = [routing];
