import { limits } from '@sluice/contracts';
import type { IntegrationTarget } from './integration-target.js';
import type { Transport } from './transport.js';

/** What `open` returns: closed when it is forgotten. */
export interface ClosableTransport extends Transport {
  close?(): void;
}

/**
 * Ways to hosts that requests name (placeholders in a host). Clients may choose such names, so no more of them are kept than
 * `integrationPassingHostsMax`, and one gives way only when nothing is under way on it.
 */
export class PassingTransports {
  private readonly known = new Map<string, ClosableTransport>();

  constructor(
    private readonly openNew: (target: IntegrationTarget) => ClosableTransport,
    private readonly hostsMax: number = limits.integrationPassingHostsMax,
  ) {}

  /** Undefined where as many hosts are in use as can be. */
  open(target: IntegrationTarget): Transport | undefined {
    const key = `${target.scheme} ${target.host} ${target.port} ${target.serverName ?? ''}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    if (this.known.size >= this.hostsMax && !this.forgetOne()) return undefined;
    const opened = this.openNew(target);
    this.known.set(key, opened);
    return opened;
  }

  close(): void {
    for (const transport of this.known.values()) transport.close?.();
    this.known.clear();
  }

  private forgetOne(): boolean {
    for (const [key, transport] of this.known) {
      if (transport.isBusy) continue;
      transport.close?.();
      this.known.delete(key);
      return true;
    }
    return false;
  }
}
