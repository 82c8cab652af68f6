import { type LookupAddress, type LookupAllOptions, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { AddressRules, type HostSource } from '@sluice/contracts';

/** Finds all addresses of a host name. */
export type ResolveHost = (
  host: string,
  options: LookupAllOptions,
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** How connections to one host are made. */
export interface HostAccess {
  /** Why the host, an IP address, may not be connected to. */
  readonly refusal: string | undefined;
  /** Resolves a name to those of its addresses that may be connected to; fails with `EgressRefusedError` where none is left. */
  readonly lookup: LookupFunction;
}

/** No address of the host may be connected to; the message names both. */
export class EgressRefusedError extends Error {
  constructor(detail: string) {
    super(detail);
    this.name = 'EgressRefusedError';
  }
}

/**
 * Decides on addresses at the moment of connecting, and the address it has seen is the one connected to: a name that was
 * checked earlier, or is looked up once more by somebody else, may by then mean another address (DNS rebinding).
 */
export class Egress {
  private readonly rules: AddressRules;
  private readonly lookups: Record<HostSource, LookupFunction>;

  /** `allow`: ranges that are open in any case. Throws where one is no range. */
  constructor(
    allow: readonly string[] = [],
    private readonly resolve: ResolveHost = systemLookup,
  ) {
    this.rules = new AddressRules(allow);
    this.lookups = { written: this.lookupFor('written'), computed: this.lookupFor('computed') };
  }

  /** `host`: a name or an IP address, without brackets. */
  access(host: string, source: HostSource): HostAccess {
    const isRefused = isIP(host) !== 0 && !this.rules.permits(host, source);
    return { refusal: isRefused ? refusalOf(host, [host], source) : undefined, lookup: this.lookups[source] };
  }

  private lookupFor(source: HostSource): LookupFunction {
    return (host, options, done) => {
      this.resolve(host, { ...options, all: true }, (error, addresses) => {
        if (error !== null) return done(error, []);
        const permitted = addresses.filter(({ address }) => this.rules.permits(address, source));
        const [first] = permitted;
        if (first === undefined) {
          const found = addresses.map(({ address }) => address);
          return done(new EgressRefusedError(refusalOf(host, found, source)), []);
        }
        if (options.all === true) done(null, permitted);
        else done(null, first.address, first.family);
      });
    };
  }
}

function refusalOf(host: string, addresses: string[], source: HostSource): string {
  const why =
    source === 'written' ? 'link-local and metadata addresses are refused' : 'the host is put in by a stage variable';
  return `${host} is ${addresses.join(', ')}, which egress.allow does not list; ${why}`;
}
