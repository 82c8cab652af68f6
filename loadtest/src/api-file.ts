import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/** The API that the scenarios run against. */
export const apiFile = fileURLToPath(new URL('../sluice.yaml', import.meta.url));

/** Where `sluice.yaml` expects its back end. */
const usualBackEnd = '127.0.0.1:9400';

/** What the load tests sign with, as `sluice.yaml` has it and the variables default to. */
export const loadTestKey = { accessKeyId: 'LOADTEST', secretAccessKey: 'load-test-secret' };

/** The content of `sluice.yaml` with its back end at `host:port`. */
export function configurationFor(backEnd: string): object {
  return parse(readFileSync(apiFile, 'utf8').replaceAll(usualBackEnd, backEnd)) as object;
}
