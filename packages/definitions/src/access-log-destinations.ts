import type { DefinitionStore } from './definition-store.js';

/** Every destination that an access log of some stage is written to, each once: a sink for any other may be closed. */
export function accessLogDestinations(definitions: DefinitionStore): Set<string> {
  const stages = definitions.apis().flatMap((api) => Object.values(api.stages));
  return new Set(stages.flatMap(({ accessLogSettings }) => accessLogSettings?.destinationArn ?? []));
}
