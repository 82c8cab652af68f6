import { type HostSource, hostSourceOf, type IntegrationDefinition, limits } from '@sluice/contracts';
import { MisconfiguredIntegrationError } from './integration.js';

/** Where and how an HTTP integration is called, checked and resolved. */
export interface IntegrationTarget {
  scheme: 'http' | 'https';
  /** Name or address, without brackets. */
  host: string;
  hostSource: HostSource;
  port: number;
  /** For the `Host` field. */
  authority: string;
  /** Path and query as they stand in the request line. */
  path: string;
  method: string;
  timeoutMs: number;
}

const wholeUrl = /^https?:\/\/[^/\\?#\s][^\s\\]*$/i;
const methods = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']);

/**
 * Resolves `${stageVariables.name}` (a missing one is the empty string) and checks the result. Throws
 * `MisconfiguredIntegrationError`.
 */
export function resolveTarget(
  definition: IntegrationDefinition,
  stageVariables: Record<string, string>,
): IntegrationTarget {
  const uri = (definition.integrationUri ?? '').replace(/\$\{stageVariables\.([^}]*)\}/g, (_, name: string) =>
    Object.hasOwn(stageVariables, name) ? (stageVariables[name] as string) : '',
  );
  const placeholder = /\{[^}]*\}/.exec(uri);
  if (placeholder !== null)
    throw new MisconfiguredIntegrationError(`nothing fills ${placeholder[0]} in integrationUri`);
  // Checked before it is parsed: URL forgives much, and takes the first path segment for the host where the host is empty.
  const url = wholeUrl.test(uri) && URL.canParse(uri) ? new URL(uri) : undefined;
  if (url === undefined) throw new MisconfiguredIntegrationError('integrationUri is not an absolute http or https URL');
  if (url.username !== '' || url.password !== '') {
    throw new MisconfiguredIntegrationError('integrationUri holds credentials');
  }
  return {
    scheme: url.protocol === 'https:' ? 'https' : 'http',
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    hostSource: hostSourceOf(definition.integrationUri ?? '', url.hostname),
    port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port),
    authority: url.host,
    path: url.pathname + url.search,
    method: resolveMethod(definition.integrationMethod),
    timeoutMs: checkTimeout(definition.timeoutInMillis),
  };
}

function resolveMethod(integrationMethod: string): string {
  const method = integrationMethod.toUpperCase();
  if (method === 'ANY') return 'POST';
  if (!methods.has(method)) throw new MisconfiguredIntegrationError(`integrationMethod ${method} is not known`);
  return method;
}

function checkTimeout(timeoutMs: number): number {
  const { integrationTimeoutMs: max, integrationTimeoutMsMin: min } = limits;
  if (Number.isInteger(timeoutMs) && timeoutMs >= min && timeoutMs <= max) return timeoutMs;
  throw new MisconfiguredIntegrationError(`timeoutInMillis must be ${min} to ${max}`);
}
