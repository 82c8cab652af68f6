import { BlockList, isIP } from 'node:net';
import { headerOf, type RequestHead } from './handshake-request.js';

/** How a client reached the gateway, as far as somebody trustworthy says so. */
export interface Forwarded {
  sourceIp: string;
  proto: 'http' | 'https';
  port: number;
}

/** Reads `X-Forwarded-*` where the peer is a trusted proxy; everybody else would only forge them. */
export class TrustedProxies {
  private readonly ranges: BlockList | undefined;

  /** `ranges`: addresses, or `address/prefix length`. Throws where one is neither. */
  constructor(ranges: readonly string[] = []) {
    if (ranges.length > 0) this.ranges = listOf(ranges);
  }

  /** `ownPort`: the port of this edge, which is the client's where nobody stands between. */
  forwarded(head: RequestHead, ownPort: number): Forwarded {
    if (!this.trusts(head.sourceIp)) return { sourceIp: head.sourceIp, proto: 'http', port: ownPort };
    const named = protoOf(lastValue(head, 'x-forwarded-proto'));
    return {
      sourceIp: this.clientOf(head),
      proto: named ?? 'http',
      port: portOf(lastValue(head, 'x-forwarded-port')) ?? publicPort(head, named) ?? ownPort,
    };
  }

  /** The rightmost address that is no trusted proxy: everything left of it is the client's own word. */
  private clientOf(head: RequestHead): string {
    let client = head.sourceIp;
    for (const hop of valuesOf(head, 'x-forwarded-for').reverse()) {
      const address = addressOf(hop);
      if (address === undefined) return client;
      client = address;
      if (!this.trusts(address)) return client;
    }
    return client;
  }

  private trusts(address: string): boolean {
    const family = isIP(address);
    return this.ranges !== undefined && family !== 0 && this.ranges.check(address, family === 6 ? 'ipv6' : 'ipv4');
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

/** All values of a header that is a list, first to last. */
function valuesOf(head: RequestHead, name: string): string[] {
  return head.headers.flatMap(([key, value]) => (key === name ? value.split(',').map((part) => part.trim()) : []));
}

// Of several the last: the nearest proxy has added it.
function lastValue(head: RequestHead, name: string): string {
  return valuesOf(head, name).at(-1) ?? '';
}

/** An address as proxies write it: alone, with a port, in brackets, or an IPv4 one in IPv6 clothes. */
function addressOf(text: string): string | undefined {
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([0-9.]+):\d+$/.exec(text)?.[1] ?? text;
  const address = /^::ffff:([0-9.]+)$/i.exec(bare)?.[1] ?? bare;
  return isIP(address) === 0 || address.includes('%') ? undefined : address;
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
function publicPort(head: RequestHead, proto: Forwarded['proto'] | undefined): number | undefined {
  if (proto === undefined) return undefined;
  const [, port = ''] = /:(\d{1,5})$/.exec(headerOf(head, 'host')) ?? [];
  return portOf(port) ?? (proto === 'https' ? 443 : 80);
}
