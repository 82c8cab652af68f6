import { limits } from '@sluice/contracts';
import type { Path } from '../problems.js';
import { atMost, type CheckTools, checkName, type Members, members, sameAsKey } from './check-place.js';
import { checkEndpoint } from './check-uri.js';

/** What stands beside the APIs: custom domains, usage plans, and where functions and services are. */
export function checkShared(tools: CheckTools): void {
  const { file } = tools;
  checkDomains(['domainNames'], members(file['domainNames']), tools);
  for (const [name, plan] of Object.entries(members(file['usagePlans']))) {
    checkPlan(['usagePlans', name], members(plan), tools);
  }
  const lambda = members(file['lambda']);
  checkEndpoint(['lambda', 'endpoint'], lambda['endpoint'], tools);
  for (const [name, url] of Object.entries(members(lambda['functions']))) {
    checkEndpoint(['lambda', 'functions', name], url, tools);
  }
  for (const [service, url] of Object.entries(members(members(file['aws'])['endpoints']))) {
    checkEndpoint(['aws', 'endpoints', service], url, tools);
  }
  if (members(file['aws'])['credentials'] !== undefined && members(file['aws'])['credentialsFile'] !== undefined) {
    tools.report(['aws', 'credentialsFile'], 'says the same as credentials; keep one');
  }
  checkAccount(members(file['account']), tools);
}

function checkDomains(path: Path, domains: Members, tools: CheckTools): void {
  atMost(tools, path, domains, limits.domainNamesMax);
  const seen = new Set<string>();
  for (const [name, domain] of Object.entries(domains)) {
    const lowerCase = name.toLowerCase();
    if (seen.has(lowerCase)) tools.report([...path, name], 'stands twice; upper and lower case are the same domain');
    seen.add(lowerCase);
    const { domainName, apiMappings } = members(domain);
    sameAsKey(tools, [...path, name, 'domainName'], domainName, name);
    for (const [key, mapping] of Object.entries(members(apiMappings))) {
      const here = [...path, name, 'apiMappings', key];
      sameAsKey(tools, [...here, 'apiMappingKey'], members(mapping)['apiMappingKey'], key);
      checkStageName(here, members(mapping), tools);
    }
  }
}

function checkPlan(path: Path, plan: Members, tools: CheckTools): void {
  const { apiStages } = plan;
  if (!Array.isArray(apiStages)) return;
  for (const [index, each] of apiStages.entries()) checkStageName([...path, 'apiStages', index], members(each), tools);
}

/** `{ api, stage }`: both have to be there. */
function checkStageName(path: Path, place: Members, tools: CheckTools): void {
  const { api, apiId, stage } = place;
  const apis = members(tools.file['apis']);
  if (api === undefined && apiId === undefined) return tools.report([...path, 'api'], 'is missing; it names an API');
  if (api !== undefined && apiId !== undefined) tools.report([...path, 'apiId'], 'says the same as api; keep one');
  const name = api ?? apiId;
  const found = checkName(tools, [...path, api === undefined ? 'apiId' : 'api'], name, apis, 'no API of this file');
  if (!found) return;
  const stages = members(members(apis[String(name)])['stages']);
  checkName(tools, [...path, 'stage'], stage, stages, `no stage of the API ${name}`);
}

function checkAccount(account: Members, { report }: CheckTools): void {
  for (const kind of ['throttling', 'connect']) {
    if (account[`${kind}BurstLimit`] !== undefined && account[`${kind}RateLimit`] === undefined) {
      report(['account', `${kind}BurstLimit`], `has no effect without ${kind}RateLimit`);
    }
  }
}
