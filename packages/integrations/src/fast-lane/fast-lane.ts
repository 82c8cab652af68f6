import type { HostSource } from '@sluice/contracts';
import type { Egress } from '../egress.js';
import { defaultPoolLimits, OriginPool, type PoolLimits } from './origin-pool.js';
import type { TimingWheel } from './timing-wheel.js';

/** All plain-http connections of a process to its back ends, by origin. */
export class FastLane {
  private readonly pools = new Map<string, OriginPool>();

  constructor(
    private readonly wheel: TimingWheel,
    private readonly egress: Egress,
    private readonly bounds: PoolLimits = defaultPoolLimits,
  ) {}

  /**
   * The pool of an origin; routes that share a back end share its connections. Not across sources: a value could otherwise
   * travel on a connection that only the operator's word may open.
   */
  pool(host: string, port: number, source: HostSource): OriginPool {
    const origin = `${source} ${host}:${port}`;
    let pool = this.pools.get(origin);
    if (pool === undefined) {
      pool = this.newPool(host, port, source);
      this.pools.set(origin, pool);
    }
    return pool;
  }

  /** A pool that its caller keeps and closes. */
  newPool(host: string, port: number, source: HostSource): OriginPool {
    return new OriginPool(this.wheel, host, port, this.egress.access(host, source), this.bounds);
  }

  close(): void {
    for (const pool of this.pools.values()) pool.close();
    this.pools.clear();
  }
}
