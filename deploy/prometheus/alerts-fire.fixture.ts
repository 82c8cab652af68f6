import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import {
  type BackEnd,
  type Cluster,
  connectClient,
  type GatewayProcess,
  startBackEnd,
  startCluster,
  type WebSocketClient,
  waitFor,
} from '@sluice/testkit';
import { chatConfig } from '../../test/chat-config.js';
// @ts-expect-error plain JavaScript, like all scripts
import { rulesFile } from './rules-file.mjs';
// @ts-expect-error plain JavaScript, like all scripts
import { startPrometheus } from './start-prometheus.mjs';

export interface FiringAlert {
  labels: Record<string, string>;
  state: string;
}
interface Prometheus {
  setTargets(targets: { address: string; labels: Record<string, string> }[]): void;
  alerts(): Promise<FiringAlert[]>;
  stop(): Promise<void>;
}

/** The same expressions; an hour is a minute here, and what needs thousands of clients needs a few. */
const shortened = {
  timeScale: 1 / 60,
  rules: {
    ErrorBudgetBurn: { minimumEvents: 5 },
    ErrorBudgetBurnSlow: { minimumEvents: 5 },
    StreamStalled: { threshold: 4 },
    // Ten seconds would be shorter than six restarts of Redis.
    RedisFlapping: { threshold: 3.5, window: '1h' },
    AbnormalCloses: { minimumCloses: 10 },
    DrainStuck: { threshold: 5 },
    // A busy machine alone makes a process some hundred milliseconds late.
    EventLoopLag: { threshold: 1.2 },
    // To come up, a process opens hundreds of files at once; afterwards it needs some forty.
    FdNearLimit: { threshold: 0.05 },
    MemoryNearLimit: { threshold: 0.3 },
    ConfigStale: { threshold: 5 },
  },
};

/** How long a fault may take to fire its alert. */
const firingMsMax = 60_000;

/** A cluster of real processes, the Prometheus that scrapes it with the shortened rules, and what fired. */
export class AlertedCluster {
  readonly fired: { alert: string; fault: string; seconds: number }[] = [];
  private readonly clients: WebSocketClient[] = [];
  private readonly extra: { pid: number; adminPort: number; end(): void }[] = [];
  private talking: NodeJS.Timeout | undefined;

  private constructor(
    readonly backEnd: BackEnd,
    readonly cluster: Cluster,
    private readonly prometheus: Prometheus,
  ) {}

  static async start(): Promise<AlertedCluster> {
    const backEnd = await startBackEnd();
    const prometheus: Prometheus = await startPrometheus({ rules: rulesFile(shortened) });
    const config = chatConfig(backEnd.url, {
      root: {
        edge: { handshakesPerSecondMax: 20, handshakesBurstMax: 60, maxConnections: 50 },
        router: { inflightMax: 8 },
      },
    });
    config.apis.chat.integrations.backend.timeoutInMillis = 25_000;
    let cluster: Cluster | undefined;
    try {
      cluster = await startCluster({
        config,
        roles: ['edge'],
        redis: { args: ['--maxmemory', '64mb'] },
        env: { SLUICE_DRAIN_HOLD_MS: '1000', SLUICE_DRAIN_WINDOW_MS: '60000' },
      });
      // One after the other: all at once are slow to come up on a busy machine.
      for (const role of ['router', 'callback'] as const) await cluster.add(role);
    } catch (error) {
      await cluster?.stop();
      await prometheus.stop();
      await backEnd.stop();
      throw error;
    }
    const alerted = new AlertedCluster(backEnd, cluster, prometheus);
    alerted.scrapeAll();
    return alerted;
  }

  async stop(): Promise<void> {
    clearInterval(this.talking);
    for (const each of this.extra) each.end();
    await this.cluster.stop();
    await this.prometheus.stop();
    await this.backEnd.stop();
  }

  /** Every process that runs. */
  scrapeAll(): void {
    const targets = [...this.cluster.processes, ...this.extra].map(({ adminPort, pid }) => ({
      address: `127.0.0.1:${adminPort}`,
      labels: { namespace: 'chat', release: 'sluice', pod: `process-${pid}` },
    }));
    this.prometheus.setTargets(targets);
  }

  async isFiring(alert: string, labels: Record<string, string> = {}): Promise<boolean> {
    const alerts = await this.prometheus.alerts();
    return alerts.some(
      (each) =>
        each.state === 'firing' &&
        each.labels['alertname'] === alert &&
        Object.entries(labels).every(([name, value]) => each.labels[name] === value),
    );
  }

  /** Makes the fault and waits until the alert, which must have kept still until now, fires; then ends the fault. */
  async fires(alert: string, fault: string, make: () => Promise<unknown>, slo?: string): Promise<void> {
    const labels: Record<string, string> = slo === undefined ? {} : { slo };
    if (await this.isFiring(alert, labels)) throw new Error(`${alert} fired before its fault: ${fault}`);
    const startedMs = Date.now();
    const end = await make();
    try {
      await waitFor(`${alert} to fire (${fault})`, () => this.isFiring(alert, labels), firingMsMax);
    } finally {
      if (typeof end === 'function') await end();
    }
    this.note(slo === undefined ? alert : `${alert} ${slo}`, fault, startedMs);
  }

  /** Another alert of the same fault. */
  async also(alert: string, fault: string, slo?: string): Promise<void> {
    const startedMs = Date.now();
    const labels: Record<string, string> = slo === undefined ? {} : { slo };
    await waitFor(`${alert} to fire as well (${fault})`, () => this.isFiring(alert, labels), firingMsMax);
    this.note(slo === undefined ? alert : `${alert} ${slo}`, fault, startedMs);
  }

  private note(alert: string, fault: string, startedMs: number): void {
    this.fired.push({ alert, fault, seconds: Math.round((Date.now() - startedMs) / 100) / 10 });
  }

  table(): string {
    const rows = this.fired.map(
      ({ alert, fault, seconds }) => `${alert.padEnd(29)}${seconds.toFixed(1).padStart(6)}  ${fault}`,
    );
    return [`${'alert'.padEnd(29)}${'s'.padStart(6)}  fault`, ...rows].join('\n');
  }

  the(role: 'edge' | 'router' | 'callback'): GatewayProcess {
    return this.cluster.the(role);
  }

  async connect(): Promise<WebSocketClient> {
    const client = await connectClient(`ws://127.0.0.1:${this.the('edge').port}/chat/dev`);
    client.socket.on('error', () => {});
    this.clients.push(client);
    return client;
  }

  /** A client that sends ten messages a second for as long as the test lasts. */
  async talk(): Promise<void> {
    const client = await this.connect();
    this.talking = setInterval(
      () => client.socket.readyState === client.socket.OPEN && client.send({ action: 'tell' }),
      100,
    );
  }

  redis(...args: string[]): string {
    const { stdout, stderr } = spawnSync('redis-cli', ['-p', `${this.cluster.redis.port}`, ...args], {
      encoding: 'utf8',
    });
    const failure = `${stderr}${/^(ERR|NOGROUP|WRONGTYPE).*/m.exec(stdout)?.[0] ?? ''}`;
    if (failure !== '') throw new Error(`redis-cli ${args[0]}: ${failure}`);
    return stdout.trim();
  }

  /** A process whose CPU is taken away for two of each four seconds, until the returned function is called. */
  starve({ pid }: GatewayProcess): () => void {
    const freeze = () => {
      process.kill(pid, 'SIGSTOP');
      setTimeout(() => process.kill(pid, 'SIGCONT'), 2_000);
    };
    freeze();
    const timer = setInterval(freeze, 4_000);
    return () => clearInterval(timer);
  }

  /** Puts other content where a process reads its configuration; returns what puts it back. */
  overwriteConfig({ pid }: GatewayProcess, content: string): () => void {
    const file = argumentOf(pid, '--config');
    const before = readFileSync(file, 'utf8');
    writeFileSync(file, content);
    return () => writeFileSync(file, before);
  }

  /** One more router, started by a shell that first takes something away: `ulimit -n 60`, or with other flags of Node. */
  async startPoorRouter(limit: string, nodeFlags: string[] = []): Promise<() => void> {
    const [node, ...args] = readFileSync(`/proc/${this.the('router').pid}/cmdline`, 'utf8')
      .split('\0')
      .slice(0, -1);
    const line = [node as string, ...args.filter((arg) => nodeFlags.length === 0 || !arg.startsWith('--max-')), ''];
    line.pop();
    line.splice(1, 0, ...nodeFlags);
    const child = spawn('sh', ['-c', `${limit}; exec "$@"`, 'sh', ...line], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    const end = () => void child.kill('SIGKILL');
    process.once('exit', end);
    const port = await waitFor(
      'the router to listen',
      () => /"admin\.listening".*http:\/\/[^"]*:(\d+)"/.exec(output)?.[1],
      30_000,
    ).catch((error: Error) => {
      end();
      throw new Error(`${error.message}\n${output}`);
    });
    this.extra.push({ pid: child.pid as number, adminPort: Number(port), end });
    this.scrapeAll();
    return () => {
      end();
      this.extra.pop();
      this.scrapeAll();
    };
  }
}

function argumentOf(pid: number, flag: string): string {
  const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  const value = args[args.indexOf(flag) + 1];
  if (value === undefined) throw new Error(`process ${pid} was started without ${flag}`);
  return value;
}
