import type { AccessKey } from '@sluice/config';
import type { ApiDefinition, SharedDefinitions } from '@sluice/contracts';
import type { MemoryDefinitionStore } from '@sluice/definitions';
import type { Log } from '@sluice/telemetry';

/** What a running process takes over from a changed configuration; everything else waits for the next start. */
export interface LiveSettings {
  apis: ApiDefinition[];
  /** Custom domains, API keys and usage plans. */
  shared: SharedDefinitions;
  /** Whose signatures are taken, at `@connections` and on AWS_IAM routes. */
  accessKeys: readonly AccessKey[];
}

interface TakesKeys {
  prepareKeys(keys: readonly AccessKey[]): () => void;
}

/** All of it or nothing: whatever can be refused is made before anything is put in force. Throws where it cannot be used. */
export function takeOver(
  { apis, shared, accessKeys }: LiveSettings,
  definitions: Pick<MemoryDefinitionStore, 'replace'>,
  services: { callback: TakesKeys | undefined; router: TakesKeys | undefined },
  log: Log,
): void {
  const keys = [services.callback?.prepareKeys(accessKeys), services.router?.prepareKeys(accessKeys)];
  try {
    definitions.replace(apis, shared);
  } catch (error) {
    // The definitions are in force by then, and cannot be refused any more.
    if (!(error instanceof AggregateError)) throw error;
    for (const each of error.errors) {
      log.error('definitions.listener_failed', 'a part of this process could not follow the new definitions', {
        error: each,
      });
    }
  }
  for (const putInForce of keys) putInForce?.();
  log.info('definitions.changed', `${apis.length} APIs are defined now`, { count: apis.length });
}
