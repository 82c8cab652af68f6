import { ConfigError } from '@sluice/config';

/** Exit codes: 1 where something went wrong while running, 2 where the command line or the configuration is wrong. */
export const exitCodes = { failed: 1, misused: 2 } as const;

/** Tells a person what went wrong: a sentence for what is foreseen, everything for what is not. Returns the exit code. */
export function explainFailure(error: unknown): number {
  if (error instanceof ConfigError) {
    process.stderr.write(`${error.message}\nSee docs/configuration.md.\n`);
    return exitCodes.misused;
  }
  const known = error instanceof Error && !(error instanceof TypeError || error instanceof ReferenceError);
  process.stderr.write(`sluice: ${known ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  return exitCodes.failed;
}
