import { isIP } from 'node:net';
import { type AddressRules, hostSourceOf } from '@sluice/contracts';

/**
 * What is wrong with the URL of a back end, and what would be right; undefined where nothing is. `written`: as it stands in the
 * file, before stage variables were put in.
 */
export function uriFault(uri: string, written: string, rules: AddressRules): string | undefined {
  const allowed = 'allowed: an absolute http:// or https:// URL';
  if (!URL.canParse(uri) || /[\s\p{Cc}${}]/u.test(uri)) return allowed;
  const { protocol, hostname, username, hash } = new URL(uri);
  if (protocol !== 'http:' && protocol !== 'https:') return allowed;
  if (username !== '') return 'user and password in a URL are not sent; take them out';
  if (hash !== '') return 'a URL is sent without its #fragment; take it out';
  // The gateway would refuse it when it connects; the operator should not have to wait for that.
  const host = hostname.replace(/^\[|\]$/g, '');
  const source = hostSourceOf(written, hostname);
  if (isIP(host) === 0 || rules.permits(host, source)) return undefined;
  return source === 'written'
    ? 'link-local and metadata addresses are refused, unless egress.allow lists them'
    : 'where a stage variable is part of the host, addresses of this machine and of private networks are refused, unless egress.allow lists them';
}
