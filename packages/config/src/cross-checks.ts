import { AddressRules, limits } from '@sluice/contracts';
import { uriFault } from './back-end-url.js';
import { type Path, type Problem, showValue } from './problems.js';
import { isAddressRange } from './schema-kinds.js';
import { didYouMean } from './suggest.js';

/** Compilers of expressions, given by whoever composes the process: each throws with the reason for a bad expression. */
export interface ExpressionCheckers {
  routeSelection(text: string): void;
  requestTemplateSelection(text: string): void;
  responseTemplateSelection(text: string): void;
  integrationResponseKey(key: string): void;
}

type Report = (path: Path, message: string) => void;
type Members = Record<string, unknown>;

/**
 * Checks what no schema can say: references, and rules between members. Works on the file as it stands, so that it finds
 * everything even where the schema has found something too; a value of the wrong kind is left to the schema.
 */
export function crossCheck(file: unknown, checkers: ExpressionCheckers | undefined): Problem[] {
  const problems: Problem[] = [];
  const report: Report = (path, message) => problems.push({ path, message });
  const apis = members(members(file)['apis']);
  if (Object.hasOwn(members(file), 'apis') && Object.keys(apis).length === 0)
    report(['apis'], 'has no API; at least one is needed');
  const defaults = Object.keys(apis).filter((id) => members(apis[id])['default'] === true);
  for (const id of defaults.slice(1))
    report(['apis', id, 'default'], `is true, but ${defaults[0]} is the default already`);
  const { allow } = members(members(file)['egress']);
  // Ranges that are none are left to the schema.
  const addressRules = new AddressRules(Array.isArray(allow) ? allow.filter(isAddressRange) : []);
  for (const [id, api] of Object.entries(apis))
    checkApi(['apis', id], members(api), { checkers, report, addressRules });
  return problems;
}

function checkApi(path: Path, api: Members, common: Omit<ApiPlace, 'integrations' | 'stages'>): void {
  const { checkers, report } = common;
  const integrations = members(api['integrations']);
  const routes = members(api['routes']);
  const stages = members(api['stages']);
  atMost(report, [...path, 'routes'], routes, limits.routesPerApiMax);
  atMost(report, [...path, 'integrations'], integrations, limits.integrationsPerApiMax);
  atMost(report, [...path, 'stages'], stages, limits.stagesPerApiMax);
  if (Object.hasOwn(api, 'stages') && Object.keys(stages).length === 0) {
    report(
      [...path, 'stages'],
      'has no stage; without one no client can connect. Write for example `stages: { dev: {} }`',
    );
  }
  for (const [name, stage] of Object.entries(stages)) {
    atMost(report, [...path, 'stages', name, 'stageVariables'], members(members(stage)['stageVariables']), 100);
  }
  attempt(report, [...path, 'routeSelectionExpression'], api['routeSelectionExpression'], checkers?.routeSelection);
  const at: ApiPlace = { integrations, stages, ...common };
  for (const [name, integration] of Object.entries(integrations)) {
    checkIntegration([...path, 'integrations', name], members(integration), at);
  }
  for (const [key, route] of Object.entries(routes)) checkRoute([...path, 'routes', key], key, route, at);
}

interface ApiPlace {
  integrations: Members;
  stages: Members;
  checkers: ExpressionCheckers | undefined;
  report: Report;
  addressRules: AddressRules;
}

function checkRoute(path: Path, key: string, route: unknown, at: ApiPlace): void {
  if (typeof route === 'string') return checkTarget(path, route, at);
  const { routeKey, integration, target, routeResponse, routeResponses } = members(route);
  if (typeof routeKey === 'string' && routeKey !== key)
    at.report([...path, 'routeKey'], `is not the key it stands under, ${key}`);
  if (integration !== undefined && target !== undefined)
    at.report([...path, 'target'], 'says the same as integration; keep one');
  if (routeResponse !== undefined && routeResponses !== undefined) {
    at.report([...path, 'routeResponses'], 'says the same as routeResponse; keep one');
  }
  if (typeof target === 'string') checkTarget([...path, 'target'], target.replace(/^integrations\//, ''), at);
  if (typeof integration === 'string') checkTarget([...path, 'integration'], integration, at);
  else if (integration !== undefined) checkIntegration([...path, 'integration'], members(integration), at);
}

function checkTarget(path: Path, target: string, at: ApiPlace): void {
  if (looksLikeUrl(target)) {
    checkUri(path, target, at);
  } else if (!Object.hasOwn(at.integrations, target)) {
    const names = Object.keys(at.integrations);
    const guess = didYouMean(target, names);
    const known = guess !== '' || names.length === 0 ? guess : `; there are ${names.join(', ')}`;
    at.report(path, `is ${showValue(path, target)}, which is neither a URL nor an integration of this API${known}`);
  }
}

export function looksLikeUrl(target: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(target) || target.startsWith('${');
}

function checkIntegration(path: Path, integration: Members, at: ApiPlace): void {
  const { integrationType, integrationUri, requestTemplates, templateSelectionExpression } = integration;
  if (integrationType === 'MOCK') {
    if (integrationUri !== undefined) at.report([...path, 'integrationUri'], 'is not for MOCK, which calls nothing');
  } else if (integrationType === 'HTTP' || integrationType === 'HTTP_PROXY') {
    if (integrationUri === undefined)
      at.report([...path, 'integrationUri'], `is missing; ${integrationType} needs a URL`);
    else if (typeof integrationUri === 'string') checkUri([...path, 'integrationUri'], integrationUri, at);
  }
  checkTemplates([...path, 'requestTemplates'], requestTemplates, at);
  attempt(
    at.report,
    [...path, 'templateSelectionExpression'],
    templateSelectionExpression,
    at.checkers?.requestTemplateSelection,
  );
  const responses = members(integration['integrationResponses']);
  for (const [key, response] of Object.entries(responses)) {
    const here = [...path, 'integrationResponses', key];
    const { integrationResponseKey, responseTemplates, templateSelectionExpression: selection } = members(response);
    if (typeof integrationResponseKey === 'string' && integrationResponseKey !== key) {
      at.report([...here, 'integrationResponseKey'], `is not the key it stands under, ${key}`);
    }
    attempt(at.report, here, key, at.checkers?.integrationResponseKey);
    checkTemplates([...here, 'responseTemplates'], responseTemplates, at);
    attempt(at.report, [...here, 'templateSelectionExpression'], selection, at.checkers?.responseTemplateSelection);
  }
}

// Without the template language, `$input.body` would go out as it stands and the back end would get nonsense.
function checkTemplates(path: Path, templates: unknown, { report }: ApiPlace): void {
  for (const [key, template] of Object.entries(members(templates))) {
    if (typeof template === 'string' && /[$#]/.test(template)) {
      report([...path, key], 'has $ or #: templates that compute are not available in this version, only static text');
    }
  }
}

/** The URL after stage variables have been put in, for each stage: what cannot be called is found here, not by a client. */
function checkUri(path: Path, uri: string, { stages, report, addressRules }: ApiPlace): void {
  if (/^arn:/i.test(uri)) {
    report(
      path,
      `is ${showValue(path, uri)}: Lambda and AWS services are not available in this version; allowed: an http(s) URL`,
    );
    return;
  }
  const named = [...uri.matchAll(/\$\{stageVariables\.([A-Za-z0-9_]+)\}/g)].map((match) => String(match[1]));
  for (const [stage, definition] of Object.entries(stages)) {
    const variables = members(members(definition)['stageVariables']);
    const missing = named.find((name) => !Object.hasOwn(variables, name));
    if (missing !== undefined) {
      report(path, `needs the stage variable ${missing}, which stage ${stage} does not have`);
      continue;
    }
    const resolved = uri.replace(/\$\{stageVariables\.([A-Za-z0-9_]+)\}/g, (_, name: string) =>
      String(variables[name]),
    );
    const fault = uriFault(resolved, uri, addressRules);
    if (fault === undefined) continue;
    report(path, `is ${showValue(path, resolved)}${named.length > 0 ? ` in stage ${stage}` : ''}; ${fault}`);
    if (named.length === 0) return;
  }
}

function attempt(report: Report, path: Path, value: unknown, check: ((text: string) => void) | undefined): void {
  if (typeof value !== 'string' || check === undefined) return;
  try {
    check(value);
  } catch (error) {
    report(path, `is ${showValue(path, value)}: ${(error as Error).message}`);
  }
}

function atMost(report: Report, path: Path, map: Members, countMax: number): void {
  const count = Object.keys(map).length;
  if (count > countMax) report(path, `has ${count} entries; at most ${countMax} are allowed`);
}

function members(value: unknown): Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {};
}
