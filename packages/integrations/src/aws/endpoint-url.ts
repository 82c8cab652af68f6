import { MisconfiguredIntegrationError } from '../integration.js';
import type { IntegrationTarget } from '../integration-target.js';

const wholeUrl = /^https?:\/\/[^/\\?#\s][^\s\\]*$/i;

/** An http(s) address from the settings, checked. `key` names it in the `MisconfiguredIntegrationError`. */
export function readEndpoint(text: string, key: string): URL {
  const url = wholeUrl.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw new MisconfiguredIntegrationError(`${key} is not an absolute http or https URL`);
  if (url.username !== '' || url.password !== '') throw new MisconfiguredIntegrationError(`${key} holds credentials`);
  return url;
}

/** Whether an address names a host and no place on it. */
export function isOriginOnly(url: URL): boolean {
  return url.pathname === '/' && url.search === '';
}

/** What opens a transport to an address that the operator wrote, or to AWS itself: egress allows both whatever they resolve to. */
export function originOf(url: URL): Pick<IntegrationTarget, 'scheme' | 'host' | 'hostSource' | 'port' | 'authority'> {
  return {
    scheme: url.protocol === 'https:' ? 'https' : 'http',
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    hostSource: 'written',
    port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port),
    authority: url.host,
  };
}
