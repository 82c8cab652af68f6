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
  /** https: the name asked for (SNI) and looked for in the certificate instead of the host's. */
  serverName?: string | undefined;
}

const wholeUrl = /^https?:\/\/[^/\\?#\s][^\s\\]*$/i;
const methods = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']);

export interface CallSettings {
  method: string;
  timeoutMs: number;
  serverName: string | undefined;
}

/** What a call needs besides its address. Throws `MisconfiguredIntegrationError`. */
export function checkCallSettings(definition: IntegrationDefinition): CallSettings {
  return {
    method: resolveMethod(definition.integrationMethod),
    timeoutMs: checkTimeout(definition.timeoutInMillis),
    serverName: checkServerName(definition.tlsConfig?.serverNameToVerify),
  };
}

/**
 * Checks an address in which nothing is open any more; `written` is how the definition has it, which says who chose the host. Throws
 * `MisconfiguredIntegrationError`.
 */
export function parseTarget(uri: string, written: string, settings: CallSettings): IntegrationTarget {
  const url = readUrl(uri, 'integrationUri');
  const hostSource = hostSourceOf(written, url.hostname);
  return { ...originOf(url, hostSource), path: url.pathname + url.search, ...settings };
}

/** An absolute http(s) address, checked. `name` says in the `MisconfiguredIntegrationError` where it stands. */
export function readUrl(text: string, name: string): URL {
  // Checked before it is parsed: URL forgives much, and takes the first path segment for the host where the host is empty.
  const url = wholeUrl.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw new MisconfiguredIntegrationError(`${name} is not an absolute http or https URL`);
  if (url.username !== '' || url.password !== '') throw new MisconfiguredIntegrationError(`${name} holds credentials`);
  return url;
}

/** What opens a transport to an address. `written`, by the operator, is AWS itself too: egress allows both whatever they resolve to. */
export function originOf(
  url: URL,
  hostSource: HostSource,
): Pick<IntegrationTarget, 'scheme' | 'host' | 'hostSource' | 'port' | 'authority'> {
  return {
    scheme: url.protocol === 'https:' ? 'https' : 'http',
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    hostSource,
    port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port),
    authority: url.host,
  };
}

const hostNameForm =
  /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*$/;

function checkServerName(serverName: string | undefined): string | undefined {
  if (serverName === undefined || serverName === '') return undefined;
  if (hostNameForm.test(serverName)) return serverName;
  throw new MisconfiguredIntegrationError('tlsConfig.serverNameToVerify is no host name');
}

/** `ANY` is sent as `POST` (spec 04 §4.5). Throws `MisconfiguredIntegrationError`. */
function resolveMethod(integrationMethod: string): string {
  const method = integrationMethod.toUpperCase();
  if (method === 'ANY') return 'POST';
  if (!methods.has(method)) throw new MisconfiguredIntegrationError(`integrationMethod ${method} is not known`);
  return method;
}

/** In milliseconds. Throws `MisconfiguredIntegrationError`. */
export function checkTimeout(timeoutMs: number): number {
  const { integrationTimeoutMs: max, integrationTimeoutMsMin: min } = limits;
  if (Number.isInteger(timeoutMs) && timeoutMs >= min && timeoutMs <= max) return timeoutMs;
  throw new MisconfiguredIntegrationError(`timeoutInMillis must be ${min} to ${max}`);
}
