import { type ApiKeys, createApiKeys } from '@sluice/auth';
import type { RouteDefinition, Scope } from '@sluice/contracts';
import { accessLogDestinations, type DefinitionStore, type StageSnapshot } from '@sluice/definitions';
import { createRouteTable } from '@sluice/routing';
import { headerSpellings } from './header-spellings.js';
import {
  type ConnectRoute,
  type MessageRoute,
  type PreparedRoute,
  prepareConnectRoute,
  prepareDisconnectRoute,
  prepareMessageRoute,
  prepareUnmatched,
} from './prepare-route.js';
import type { CompilationParts, StageCompilation } from './stage-compilation.js';

/** One stage as the hot path wants it: expressions compiled, integrations and gates prepared, metric children resolved. */
export interface StageTable {
  /** The route of a message; undefined where none matches. */
  select(body: Uint8Array): MessageRoute | undefined;
  /** There is always one: an API without such a route may still throttle its connects, or log them. */
  connect: ConnectRoute;
  disconnect: PreparedRoute;
  /** For messages that no route matched. */
  unmatched: MessageRoute;
}

export interface StageTables {
  get(scope: Scope): StageTable | undefined;
  close(): void;
}

export interface StageTablesParts extends CompilationParts {
  definitions: DefinitionStore;
}

interface Generation {
  tables: Map<Scope, StageTable>;
  apiKeys: ApiKeys;
}

/** Compiles each stage on first use, and again after a change of definitions: sockets follow the current deployment. */
export function createStageTables(parts: StageTablesParts): StageTables {
  const { definitions } = parts;
  const nextGeneration = (): Generation => ({
    tables: new Map(),
    apiKeys: createApiKeys(definitions.shared()),
  });
  let current = nextGeneration();
  const unsubscribe = definitions.subscribe(() => {
    current = nextGeneration();
    parts.accessLogs.keep(accessLogDestinations(definitions));
  });
  return {
    get(scope) {
      const known = current.tables.get(scope);
      if (known !== undefined) return known;
      const snapshot = definitions.stage(scope);
      if (snapshot === undefined) return undefined;
      const table = compileStage(parts, current, snapshot);
      current.tables.set(scope, table);
      return table;
    },
    close: unsubscribe,
  };
}

function compileStage(parts: StageTablesParts, generation: Generation, snapshot: StageSnapshot): StageTable {
  const { api, stage } = snapshot;
  const isThis = (each: { apiId: string; stage: string }) => each.apiId === api.apiId && each.stage === stage.stageName;
  const compilation: StageCompilation = {
    ...parts,
    api,
    stage,
    stageName: stage.stageName,
    stageVariables: stage.stageVariables,
    headerSpellings: headerSpellings(api),
    accessLog: parts.accessLogs.of(stage.accessLogSettings, { apiId: api.apiId, stage: stage.stageName }),
    apiKeys: generation.apiKeys,
    hasUsagePlans: parts.definitions.shared().usagePlans.some(({ apiStages }) => apiStages.some(isThis)),
  };
  const { $connect, $disconnect, ...messages } = api.routes;
  const routes = Object.fromEntries(
    Object.entries(messages).map(([key, route]) => [key, prepareMessageRoute(compilation, route)]),
  );
  const { select } = createRouteTable({ routeSelectionExpression: api.routeSelectionExpression, routes });
  return {
    select,
    connect: prepareConnectRoute(compilation, $connect ?? withoutTarget('$connect')),
    disconnect: prepareDisconnectRoute(compilation, $disconnect ?? withoutTarget('$disconnect')),
    unmatched: prepareUnmatched(compilation),
  };
}

function withoutTarget(routeKey: string): RouteDefinition {
  return { routeKey, integrationId: undefined, hasRouteResponse: false };
}
