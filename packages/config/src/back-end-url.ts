import { BlockList, isIP } from 'node:net';
import { isAddressRange } from './schema-kinds.js';

/** What is wrong with the URL of a back end, and what would be right; undefined where nothing is. */
export function uriFault(uri: string, isAllowed: (address: string) => boolean): string | undefined {
  const allowed = 'allowed: an absolute http:// or https:// URL';
  if (!URL.canParse(uri) || /[\s\p{Cc}${}]/u.test(uri)) return allowed;
  const { protocol, hostname, username, hash } = new URL(uri);
  if (protocol !== 'http:' && protocol !== 'https:') return allowed;
  if (username !== '') return 'user and password in a URL are not sent; take them out';
  if (hash !== '') return 'a URL is sent without its #fragment; take it out';
  // The gateway would refuse it when it connects; the operator should not have to wait for that.
  if (isLinkLocal(hostname) && !isAllowed(hostname.replace(/^\[|\]$/g, ''))) {
    return 'link-local and metadata addresses are refused, unless egress.allow lists them';
  }
  return undefined;
}

function isLinkLocal(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (bare === 'fd00:ec2::254' || bare === '100.100.100.200' || bare === '::ffff:6464:64c8') return true;
  if (isIP(bare) === 4) return bare.startsWith('169.254.');
  return isIP(bare) === 6 && (/^fe[89ab]/.test(bare) || bare.startsWith('::ffff:a9fe:'));
}

/** Whether one of these ranges holds an address. Ranges that are none are left to the schema. */
export function rangesOf(allow: unknown): (address: string) => boolean {
  const list = new BlockList();
  for (const range of Array.isArray(allow) ? allow.filter(isAddressRange) : []) {
    const [address = '', prefixLength] = range.split('/');
    list.addSubnet(address, Number(prefixLength), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  return (address) => isIP(address) !== 0 && list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
