import { type ApiDefinition, noSharedDefinitions, type Scope, type SharedDefinitions } from '@sluice/contracts';
import { createDomainIndex, type DomainIndex } from './custom-domain.js';
import type { DefinitionStore, StageSnapshot } from './definition-store.js';
import { type SnapshotOptions, snapshotOf } from './stage-snapshot.js';

export interface MemoryDefinitionStore extends DefinitionStore {
  /**
   * Replaces all definitions at once and tells the listeners. Throws `RangeError` for definitions that cannot stand beside
   * each other; what was there then stays. A throwing listener does not keep the others from being called; its error is
   * thrown after them.
   */
  replace(apis: readonly ApiDefinition[], shared?: SharedDefinitions): void;
}

interface Definitions {
  shared: SharedDefinitions;
  domains: DomainIndex;
  apis: readonly ApiDefinition[];
  byId: ReadonlyMap<string, ApiDefinition>;
  stages: ReadonlyMap<Scope, StageSnapshot>;
}

/**
 * Keeps the definitions in this process. They are copied and frozen: neither the caller nor a reader can change what others
 * read. Throws `RangeError` for an API id or a custom domain given twice, and for an API id or
 * stage name that is empty or holds a slash.
 */
export function createMemoryDefinitionStore(
  apis: readonly ApiDefinition[],
  shared: SharedDefinitions = noSharedDefinitions,
  options: SnapshotOptions = {},
): MemoryDefinitionStore {
  let current = compile(apis, shared, options);
  const listeners = new Set<() => void>();
  return {
    stage: (scope) => current.stages.get(scope),
    api: (apiId) => current.byId.get(apiId),
    apis: () => current.apis,
    shared: () => current.shared,
    domainOf: (hostName) => current.domains(hostName),
    subscribe(listener) {
      // A function of its own per subscription, so that a listener subscribed twice is called twice and ended singly.
      const subscription = () => listener();
      listeners.add(subscription);
      return () => void listeners.delete(subscription);
    },
    replace(nextApis, nextShared = noSharedDefinitions) {
      current = compile(nextApis, nextShared, options);
      notify(listeners);
    },
  };
}

function compile(
  definitions: readonly ApiDefinition[],
  shared: SharedDefinitions,
  options: SnapshotOptions,
): Definitions {
  const ownShared = freezeDeep(structuredClone(shared));
  const apis = freezeDeep(structuredClone(definitions));
  const byId = new Map<string, ApiDefinition>();
  const stages = new Map<Scope, StageSnapshot>();
  for (const api of apis) {
    checkName('API id', api.apiId);
    if (byId.has(api.apiId)) throw new RangeError(`API id ${JSON.stringify(api.apiId)} is defined twice`);
    byId.set(api.apiId, api);
    for (const [stageName, stage] of Object.entries(api.stages)) {
      checkName('stage name', stageName);
      const snapshot = snapshotOf(api, stage, options);
      stages.set(snapshot.scope, snapshot);
    }
  }
  return { shared: ownShared, domains: createDomainIndex(ownShared.domainNames), apis, byId, stages };
}

// A scope is `apiId/stage`: with a slash in either, two stages could have one scope.
function checkName(what: string, name: string): void {
  if (name === '' || name.includes('/'))
    throw new RangeError(`${what} ${JSON.stringify(name)} is empty or holds a slash`);
}

function freezeDeep<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const member of Object.values(value)) freezeDeep(member);
  return Object.freeze(value);
}

function notify(listeners: ReadonlySet<() => void>): void {
  const errors: unknown[] = [];
  for (const listener of [...listeners]) {
    try {
      listener();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, `${errors.length} listeners to the API definitions failed`);
}
