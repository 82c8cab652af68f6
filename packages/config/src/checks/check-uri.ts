import { uriFault } from '../back-end-url.js';
import { type Path, showValue } from '../problems.js';
import { type ApiPlace, type CheckTools, members } from './check-place.js';
import { arnFault, functionOf, serviceOf } from './integration-arn.js';

export function looksLikeUrl(target: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(target) || target.startsWith('${');
}

/** The invocation ARN of a function, which as a route's target is short for `AWS_PROXY`. */
export function isArn(target: string): boolean {
  return /^arn:/i.test(target);
}

/** What a URI has to be after stage variables were put in: what is wrong with it otherwise. */
type FindFault = (resolved: string) => string | undefined;

/** An http(s) URL. `placeholders`: names that a mapping or a template fills in. */
export function checkUrl(path: Path, uri: string, at: ApiPlace, placeholders: PlaceholderNames = []): void {
  if (isArn(uri)) {
    const way = 'allowed: an absolute http:// or https:// URL; for ARNs integrationType is AWS_PROXY or AWS';
    return at.report(path, `is ${showValue(path, uri)}; ${way}`);
  }
  if (isUnfilled(path, uri, placeholders, at)) return;
  checkPerStage(path, uri, at, (resolved) => uriFault(filled(resolved), filled(uri), at.addressRules));
}

function isUnfilled(path: Path, uri: string, placeholders: PlaceholderNames, at: ApiPlace): boolean {
  if (placeholders === 'any') return false;
  const unfilled = placeholdersOf(uri).find((name) => !placeholders.includes(name));
  if (unfilled === undefined) return false;
  const way = `fill it with requestParameters: { integration.request.path.${unfilled}: … }`;
  at.report(path, `has the placeholder {${unfilled}}; ${way}`);
  return true;
}

/** With something in place of each placeholder that a URL could have there; a port is a number. */
function filled(uri: string): string {
  return uri.replace(/(?<=^https?:\/\/[^/?#]*:)\{[A-Za-z0-9._$-]+\}(?=[/?#]|$)/i, '1').replace(placeholderForm, 'x');
}

export type PlaceholderNames = readonly string[] | 'any';

const placeholderForm = /(?<!\$)\{([A-Za-z0-9._$-]+)\+?\}/g;

function placeholdersOf(uri: string): string[] {
  return [...uri.matchAll(placeholderForm)].map((match) => String(match[1]));
}

/** The invocation ARN of a function, which also has to be somewhere. */
export function checkFunctionArn(path: Path, uri: string, at: ApiPlace): void {
  checkPerStage(path, uri, at, (resolved) => {
    const found = functionOf(resolved);
    return 'fault' in found ? found.fault : unplaced(found.names, at);
  });
}

/** Of an `AWS` integration: a function, or a service in action or path form. */
export function checkAwsArn(path: Path, uri: string, at: ApiPlace, placeholders: PlaceholderNames): void {
  if (serviceOf(uri) === 'lambda') return checkFunctionArn(path, uri, at);
  if (isUnfilled(path, uri, placeholders, at)) return;
  checkPerStage(path, uri, at, (resolved) => arnFault(resolved.replace(placeholderForm, 'x')));
}

/** An authorizer: a function, or (ours) an address. */
export function checkAuthorizerUri(path: Path, uri: string, at: ApiPlace): void {
  if (isArn(uri)) checkFunctionArn(path, uri, at);
  else checkUrl(path, uri, at);
}

/** Where a function or service is: written by the operator, so only what never is a back end is refused. */
export function checkEndpoint(path: Path, url: unknown, tools: CheckTools): void {
  if (typeof url !== 'string') return;
  const fault = uriFault(url, url, tools.addressRules);
  if (fault !== undefined) tools.report(path, `is ${showValue(path, url)}; ${fault}`);
}

function unplaced(names: readonly string[], { file, callsBackEnds }: ApiPlace): string | undefined {
  const lambda = members(file['lambda']);
  const aws = members(file['aws']);
  const { endpoint } = lambda;
  if (!callsBackEnds || endpoint !== undefined) return undefined;
  if (aws['credentials'] !== undefined || aws['credentialsFile'] !== undefined) return undefined;
  const functions = members(lambda['functions']);
  if (names.some((name) => Object.hasOwn(functions, name))) return undefined;
  const [name = ''] = names;
  return `nothing says where the function ${name} is: set lambda.functions.${name} to its URL, lambda.endpoint to what speaks the Lambda Invoke API, or aws.credentials to call AWS`;
}

/** Checks the URI after stage variables have been put in, for each stage: what cannot be called is found here, not by a client. */
function checkPerStage(path: Path, uri: string, { stages, report }: ApiPlace, faultOf: FindFault): void {
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
    const fault = faultOf(resolved);
    if (fault === undefined) continue;
    report(path, `is ${showValue(path, resolved)}${named.length > 0 ? ` in stage ${stage}` : ''}; ${fault}`);
    if (named.length === 0) return;
  }
}
