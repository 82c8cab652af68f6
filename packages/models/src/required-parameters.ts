import type { Handshake, RouteDefinition } from '@sluice/contracts';

const parameterPattern = /^route\.request\.(header|querystring)\.(.+)$/;

/**
 * Names of the required parameters of `$connect` that a handshake lacks or has blank, as the client would send them (spec 13,
 * 03 §3.2), in the order of the definition. Header names are compared without case.
 */
export function missingParameters(
  requestParameters: RouteDefinition['requestParameters'],
  handshake: Handshake,
): string[] {
  const missing: string[] = [];
  for (const [key, { required }] of Object.entries(requestParameters ?? {})) {
    const [, place, name] = parameterPattern.exec(key) ?? [];
    if (!required || name === undefined) continue;
    const values = place === 'header' ? headerValues(handshake, name) : queryValues(handshake, name);
    if (!values.some((value) => value.trim() !== '')) missing.push(name);
  }
  return missing;
}

function headerValues({ headers }: Handshake, name: string): string[] {
  const lowerCase = name.toLowerCase();
  return headers.filter(([header]) => header.toLowerCase() === lowerCase).map(([, value]) => value);
}

function queryValues({ queryString }: Handshake, name: string): string[] {
  return queryString === '' ? [] : new URLSearchParams(queryString).getAll(name);
}
