import { createContext, Script } from 'node:vm';

const script = new Script('run()');
// Without a prototype: nothing of it is ever seen by what runs, which keeps its own context.
const context: { run: (() => unknown) | undefined } = Object.assign(Object.create(null), { run: undefined });
createContext(context);

/**
 * Runs a synchronous function and ends it after so many milliseconds, in the middle of a regular expression if need be: what
 * `vm` does to a script it does to all that the script calls. Costs some 50 µs. Throws what the function throws, or an error
 * with code `ERR_SCRIPT_EXECUTION_TIMEOUT`.
 */
export function withTimeLimit<T>(timeoutMs: number, work: () => T): T {
  let result: { value: T } | undefined;
  context.run = () => {
    result = { value: work() };
  };
  try {
    script.runInContext(context, { timeout: timeoutMs });
  } finally {
    context.run = undefined;
  }
  if (result === undefined) throw new Error('nothing was run');
  return result.value;
}

export function isTimeout(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}
