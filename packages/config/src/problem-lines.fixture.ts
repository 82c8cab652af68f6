import { ConfigError } from './problems.js';

/** Lines of the `ConfigError` that a load ends with; none where it ends well. */
export function problemLines(load: () => unknown): string[] {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError) return error.lines;
    throw error;
  }
  return [];
}
