import { BlockList, isIP } from 'node:net';

/**
 * Who chose the host of a target: the operator, who wrote it out in `sluice.yaml`, or a value that is put in afterwards. A value
 * may come from somebody who must not reach what only this machine can reach.
 */
export type HostSource = 'written' | 'computed';

// Cloud metadata services hand credentials to whoever can send them a request; no back end of an API lives there.
const neverRanges = [
  ...['169.254.0.0/16', 'fe80::/10', 'fd00:ec2::254/128'],
  // Of Alibaba, Oracle and Azure, outside of the link-local range.
  ...['100.100.100.200/32', '192.0.0.192/32', '168.63.129.16/32'],
];

const localRanges = [
  // This machine and "this network": 0.0.0.0 and :: connect to loopback. ::/96 also holds the old IPv4-compatible form.
  '0.0.0.0/8',
  '127.0.0.0/8',
  '::/96',
  // Private networks, carrier-grade NAT, unique and site-local addresses.
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  'fc00::/7',
  'fec0::/10',
  // Protocol assignments and benchmarks, which networks use inside.
  '192.0.0.0/24',
  '198.18.0.0/15',
  // Multicast, reserved, broadcast.
  '224.0.0.0/4',
  '240.0.0.0/4',
  'ff00::/8',
];

/** Which addresses back ends may have (OPERATIONS X6). */
export class AddressRules {
  private readonly allowed: BlockList;
  private readonly refused: Record<HostSource, BlockList> = {
    written: listOf(neverRanges),
    computed: listOf([...neverRanges, ...localRanges]),
  };

  /** `allow`: ranges that are open whatever the rules say, each `address/prefix length`. Throws where one is no range. */
  constructor(allow: readonly string[]) {
    this.allowed = listOf(allow);
  }

  /** Whether this IP address, in any of its spellings, may be connected to. What is no IP address may not. */
  permits(address: string, source: HostSource): boolean {
    const [plain = ''] = address.split('%');
    if (isIP(plain) === 0) return false;
    const forms = [plain, ...embeddedIpv4(plain)];
    if (forms.some((form) => contains(this.allowed, form))) return true;
    return !forms.some((form) => contains(this.refused[source], form));
  }
}

/**
 * Whether the host of an URL is written out in `uri`, which may hold `${stageVariables.name}`; `host` is what it came to be. Compared
 * with that too: a value in the port or path must not be able to make the written part something else than the host.
 */
export function hostSourceOf(uri: string, host: string): HostSource {
  const written = /^https?:\/\/(\[[^\]${}]*\]|[^/?#\\${}:@]+)(?=[:/?#]|$)/i.exec(uri)?.[1];
  if (written === undefined || !URL.canParse(`http://${written}`)) return 'computed';
  return new URL(`http://${written}`).hostname === host ? 'written' : 'computed';
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', prefixLength = ''] = range.split('/');
    list.addSubnet(address, Number(prefixLength), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}

function contains(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** The IPv4 address that an IPv6 address leads to: mapped (::ffff:0:0/96), through NAT64 (64:ff9b::/96), by 6to4 (2002::/16). */
function embeddedIpv4(address: string): string[] {
  if (isIP(address) !== 6) return [];
  const groups = groupsOf(address);
  const start = groups.slice(0, 6).join(':');
  if (start === '0:0:0:0:0:ffff' || start === '64:ff9b:0:0:0:0') return [dotted(groups[6], groups[7])];
  return groups[0] === '2002' ? [dotted(groups[1], groups[2])] : [];
}

/** The eight groups, without leading zeros. The URL parser knows every spelling and writes one. */
function groupsOf(address: string): string[] {
  const [left = '', right] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const before = left === '' ? [] : left.split(':');
  if (right === undefined) return before;
  const after = right === '' ? [] : right.split(':');
  return [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
}

function dotted(high = '0', low = '0'): string {
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return `${a >> 8}.${a & 255}.${b >> 8}.${b & 255}`;
}
