import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster, GatewayProcess, GatewayRole } from '@sluice/testkit';
import type { EdgeDeaths } from './history-record.js';

export interface RunningEdge {
  index: number;
  process: GatewayProcess;
}

/** The processes of a cluster that are meant to be alive, and what is done to them. */
export class HistoryCluster {
  private edges: RunningEdge[] = [];
  private routers: GatewayProcess[];
  private callback: GatewayProcess;
  private edgeCount = 0;
  private turn = 0;

  constructor(
    private readonly cluster: Cluster,
    private readonly random: () => number,
    private readonly edgeDeaths: EdgeDeaths,
  ) {
    const of = (role: GatewayRole) => cluster.processes.filter((each) => each.role === role);
    for (const process of of('edge')) this.edges.push({ index: this.edgeCount++, process });
    this.routers = of('router');
    this.callback = cluster.the('callback');
  }

  pickEdge(): RunningEdge {
    return this.edges[this.turn++ % this.edges.length] as RunningEdge;
  }

  callbackUrl(): string {
    return `http://127.0.0.1:${this.callback.port}`;
  }

  alive(): GatewayProcess[] {
    return [...this.edges.map(({ process }) => process), ...this.routers, this.callback];
  }

  /** Does something bad, mends it, and says what it was. The kinds are drawn by the seed. */
  async fault(withEdges: boolean): Promise<string> {
    const kinds = [
      this.killRouter,
      this.freezeRouter,
      this.killCallback,
      this.killRedis,
      this.pauseRedis,
      ...(withEdges ? [this.killEdge] : []),
    ];
    return (kinds[this.draw(kinds.length)] as () => Promise<string>).call(this);
  }

  async killEdge(): Promise<string> {
    const at = this.draw(this.edges.length);
    const [victim] = this.edges.splice(at, 1) as [RunningEdge];
    this.edgeDeaths.set(victim.index, Date.now());
    await victim.process.kill();
    const process = await this.cluster.add('edge');
    this.edges.push({ index: this.edgeCount++, process });
    return `edge ${victim.index} killed`;
  }

  private async killRouter(): Promise<string> {
    const [victim] = this.routers.splice(this.draw(this.routers.length), 1) as [GatewayProcess];
    await victim.kill();
    this.routers.push(await this.cluster.add('router'));
    return `router ${victim.pid} killed`;
  }

  private async freezeRouter(): Promise<string> {
    const victim = this.routers[this.draw(this.routers.length)] as GatewayProcess;
    victim.signal('SIGSTOP');
    await sleep(3_000);
    victim.signal('SIGCONT');
    return `router ${victim.pid} frozen`;
  }

  private async killCallback(): Promise<string> {
    await this.callback.kill();
    this.callback = await this.cluster.add('callback');
    return 'callback killed';
  }

  private async killRedis(): Promise<string> {
    await this.cluster.redis.kill();
    await sleep(this.random() * 1_500);
    await this.cluster.redis.restart();
    return 'Redis killed';
  }

  private async pauseRedis(): Promise<string> {
    this.cluster.redis.pause();
    await sleep(2_000);
    this.cluster.redis.resume();
    return 'Redis paused';
  }

  private draw(count: number): number {
    return Math.floor(this.random() * count);
  }
}
