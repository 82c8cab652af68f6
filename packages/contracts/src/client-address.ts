import { BlockList, isIP, SocketAddress } from 'node:net';

/** How a client reached the gateway, as far as somebody trustworthy says so. */
export interface Forwarded {
  sourceIp: string;
  proto: 'http' | 'https';
  port: number;
}

/** What of a request says where it comes from: the peer's address, and headers by lower-case name. */
export interface ForwardedHead {
  readonly sourceIp: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/**
 * Which headers proxies write. Never both: a proxy that writes one passes the other on as it came, and that one is the client's
 * own word.
 */
export const forwardedHeaders = ['x-forwarded-for', 'forwarded'] as const;
export type ForwardedHeader = (typeof forwardedHeaders)[number];

/** What the proxies say, nearest last; no address where one says nothing that could be believed. */
interface Trail {
  hops: (string | undefined)[];
  proto: Forwarded['proto'] | undefined;
  port: number | undefined;
}

/** A list of address ranges; of none, nobody is in it. */
export class AddressRanges {
  private readonly list: BlockList | undefined;

  /** `ranges`: addresses, or `address/prefix length`. Throws where one is neither. */
  constructor(ranges: readonly string[]) {
    if (ranges.length > 0) this.list = listOf(ranges);
  }

  has(address: string): boolean {
    const family = isIP(address);
    return this.list !== undefined && family !== 0 && this.list.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }
}

/** An address without its zone, and IPv4 also where it comes in IPv6 clothes, of which there are several: `::ffff:cb00:7109`. */
export function plainIp(address: string): string {
  const [bare = ''] = address.split('%');
  if (isIP(bare) !== 6) return bare;
  const spelled = new SocketAddress({ address: bare, family: 'ipv6' }).address;
  return /^::ffff:([0-9.]+)$/.exec(spelled)?.[1] ?? bare;
}

/** Reads `X-Forwarded-*` or `Forwarded` (RFC 7239) where the peer is a trusted proxy; everybody else would only forge them. */
export class TrustedProxies {
  private readonly ranges: AddressRanges;

  /** `ranges`: addresses, or `address/prefix length`. Throws where one is neither. */
  constructor(
    ranges: readonly string[] = [],
    private readonly header: ForwardedHeader = 'x-forwarded-for',
  ) {
    this.ranges = new AddressRanges(ranges);
  }

  /** `ownPort`: the port of this process, which is the client's where nobody stands between. */
  forwarded(head: ForwardedHead, ownPort: number): Forwarded {
    if (!this.ranges.has(head.sourceIp)) return { sourceIp: head.sourceIp, proto: 'http', port: ownPort };
    const { hops, proto, port } = this.header === 'forwarded' ? forwardedTrail(head) : xForwardedTrail(head);
    return {
      sourceIp: this.clientOf(head.sourceIp, hops),
      proto: proto ?? 'http',
      port: port ?? publicPort(head, proto) ?? ownPort,
    };
  }

  /** The rightmost address that is no trusted proxy: everything left of it is the client's own word. */
  private clientOf(peer: string, hops: readonly (string | undefined)[]): string {
    let client = peer;
    for (let i = hops.length - 1; i >= 0; i--) {
      const address = hops[i];
      if (address === undefined) return client;
      client = address;
      if (!this.ranges.has(address)) return client;
    }
    return client;
  }
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', prefixLength] = range.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefixLength === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefixLength), family);
  }
  return list;
}

function xForwardedTrail(head: ForwardedHead): Trail {
  return {
    hops: valuesOf(head, 'x-forwarded-for').map(addressOf),
    proto: protoOf(lastValue(head, 'x-forwarded-proto')),
    port: portOf(lastValue(head, 'x-forwarded-port')),
  };
}

/**
 * Elements are split at every comma, also inside of quotes, where no address, scheme or host has one: a client that opens a quote
 * and leaves it open would otherwise swallow what the proxy adds behind it.
 */
function forwardedTrail(head: ForwardedHead): Trail {
  const elements = valuesOf(head, 'forwarded').map(pairsOf);
  const nearest = elements.at(-1);
  const [, port = ''] = /:(\d{1,5})$/.exec(nearest?.get('host') ?? '') ?? [];
  return {
    hops: elements.map((pairs) => addressOf(pairs.get('for') ?? '')),
    proto: protoOf(nearest?.get('proto') ?? ''),
    port: portOf(port),
  };
}

const pairForm = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+)=(?:"([^"\\]*)"|([^\s"]+))$/;

/** Parameters of one element, in which pairs may be missing (`for=203.0.113.9;`). Empty where one of them is malformed, or named twice: which was meant? */
function pairsOf(element: string): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const part of element.split(';').map((each) => each.trim())) {
    if (part === '') continue;
    const [, name, quoted, token] = pairForm.exec(part) ?? [];
    if (name === undefined || pairs.has(name.toLowerCase())) return new Map();
    pairs.set(name.toLowerCase(), quoted ?? token ?? '');
  }
  return pairs;
}

/** All values of a header that is a list, first to last. */
function valuesOf(head: ForwardedHead, name: string): string[] {
  return head.headers.flatMap(([key, value]) => (key === name ? value.split(',').map((part) => part.trim()) : []));
}

// Of several the last: the nearest proxy has added it.
function lastValue(head: ForwardedHead, name: string): string {
  return valuesOf(head, name).at(-1) ?? '';
}

/** An address as proxies write it: alone, with a port, in brackets, or an IPv4 one in IPv6 clothes; never with a zone. */
function addressOf(text: string): string | undefined {
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([0-9.]+):\d+$/.exec(text)?.[1] ?? text;
  return isIP(bare) === 0 || bare.includes('%') ? undefined : plainIp(bare);
}

function protoOf(text: string): Forwarded['proto'] | undefined {
  const proto = text.toLowerCase();
  if (proto === 'https' || proto === 'wss') return 'https';
  return proto === 'http' || proto === 'ws' ? 'http' : undefined;
}

function portOf(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

/** Of a proxy that names the scheme and no port: the port in `Host`, else the scheme's own. */
function publicPort(head: ForwardedHead, proto: Forwarded['proto'] | undefined): number | undefined {
  if (proto === undefined) return undefined;
  const host = head.headers.find(([name]) => name === 'host')?.[1] ?? '';
  const [, port = ''] = /:(\d{1,5})$/.exec(host) ?? [];
  return portOf(port) ?? (proto === 'https' ? 443 : 80);
}
