import { AddressRules, limits } from '@sluice/contracts';
import { checkAuthorizer, checkModels } from './checks/check-authorizer.js';
import { checkIntegration } from './checks/check-integration.js';
import { type ApiPlace, atMost, attempt, createTools, members, sameAsKey, textOf } from './checks/check-place.js';
import { checkRoute } from './checks/check-route.js';
import { checkShared } from './checks/check-shared.js';
import { checkStage } from './checks/check-stage.js';
import type { ExpressionCheckers } from './expression-checkers.js';
import type { Path, Problem } from './problems.js';
import { isAddressRange } from './schema-kinds.js';
import type { Command } from './settings.js';

/**
 * Checks what no schema can say: references, and rules between members. Works on the file as it stands, so that it finds
 * everything even where the schema has found something too; a value of the wrong kind is left to the schema.
 */
export function crossCheck(content: unknown, checkers: Partial<ExpressionCheckers>, command: Command): Problem[] {
  const problems: Problem[] = [];
  const file = members(content);
  const { allow } = members(file['egress']);
  const tools = createTools(file, problems, {
    checkers,
    // Ranges that are none are left to the schema.
    addressRules: new AddressRules(Array.isArray(allow) ? allow.filter(isAddressRange) : []),
    callsBackEnds: command === 'start' || command === 'router',
  });
  const apis = members(file['apis']);
  if (Object.hasOwn(file, 'apis') && Object.keys(apis).length === 0)
    tools.report(['apis'], 'has no API; at least one is needed');
  const defaults = Object.keys(apis).filter((id) => members(apis[id])['default'] === true);
  for (const id of defaults.slice(1))
    tools.report(['apis', id, 'default'], `is true, but ${defaults[0]} is the default already`);
  for (const [apiId, value] of Object.entries(apis)) {
    const api = members(value);
    if (api['default'] === true && api['namedOnly'] === true)
      tools.report(
        ['apis', apiId, 'namedOnly'],
        'is true, and so is default: keep one, an API is meant without its name or is not',
      );
    checkApi(['apis', apiId], { ...tools, apiId, api, stages: members(api['stages']) });
  }
  checkShared(tools);
  return problems;
}

function checkApi(path: Path, at: ApiPlace): void {
  const { api, apiId, stages, checkers } = at;
  const routes = members(api['routes']);
  const integrations = members(api['integrations']);
  const authorizers = members(api['authorizers']);
  checkCounts(path, at);
  sameAsKey(at, [...path, 'apiId'], api['apiId'], apiId);
  const routeSelection = textOf(api['routeSelectionExpression']);
  attempt(at, [...path, 'routeSelectionExpression'], routeSelection, checkers.routeSelection);
  for (const [name, stage] of Object.entries(stages)) checkStage([...path, 'stages', name], name, members(stage), at);
  for (const [name, authorizer] of Object.entries(authorizers))
    checkAuthorizer([...path, 'authorizers', name], members(authorizer), at);
  checkModels([...path, 'models'], members(api['models']), at);
  for (const [name, integration] of Object.entries(integrations)) {
    checkIntegration([...path, 'integrations', name], members(integration), at);
  }
  for (const [key, route] of Object.entries(routes)) checkRoute([...path, 'routes', key], key, route, at);
}

function checkCounts(path: Path, at: ApiPlace): void {
  const { api, stages } = at;
  atMost(at, [...path, 'routes'], members(api['routes']), limits.routesPerApiMax);
  atMost(at, [...path, 'integrations'], members(api['integrations']), limits.integrationsPerApiMax);
  atMost(at, [...path, 'authorizers'], members(api['authorizers']), limits.authorizersPerApiMax);
  atMost(at, [...path, 'stages'], stages, limits.stagesPerApiMax);
  if (Object.hasOwn(api, 'stages') && Object.keys(stages).length === 0) {
    at.report(
      [...path, 'stages'],
      'has no stage; without one no client can connect. Write for example `stages: { dev: {} }`',
    );
  }
}
