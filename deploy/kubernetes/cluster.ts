import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { waitFor } from '@sluice/testkit';

/** What the tests read of an object of Kubernetes. */
export interface KubernetesObject {
  kind: string;
  metadata: {
    name: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    deletionTimestamp?: string;
  };
  spec: Record<string, unknown>;
  status?: Record<string, unknown>;
}

export interface Pod extends KubernetesObject {
  status: {
    phase: string;
    podIP?: string;
    containerStatuses?: { name: string; ready: boolean; restartCount: number; state: Record<string, unknown> }[];
    conditions?: { type: string; status: string }[];
  };
}

export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end, whatever its exit code is. */
export function run(program: string, args: readonly string[], input?: string): Promise<Finished> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { maxBuffer: 64 * 2 ** 20, encoding: 'utf8' }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, stdout, stderr: stderr || (error?.message ?? '') });
    });
    // A program that ends before it has read all is judged by its exit code.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input ?? '');
  });
}

async function succeed(program: string, args: readonly string[], input?: string): Promise<Finished> {
  const finished = await run(program, args, input);
  if (finished.code === 0) return finished;
  throw new Error(`${program} ${args.join(' ')} failed (${finished.code}): ${finished.stderr.trim()}`);
}

/** One namespace of the cluster that KUBECONFIG names, through kubectl and Helm as an operator uses them. */
export class Namespace {
  /** What the programs said on stderr: the warnings of the API server are there. */
  readonly warnings: string[] = [];

  constructor(readonly name: string) {}

  /** Makes the namespace, with the strictest Pod Security standard, anew. */
  async create(): Promise<void> {
    await this.delete();
    await succeed('kubectl', ['create', 'namespace', this.name]);
    const standard = ['enforce', 'warn', 'audit'].map((mode) => `pod-security.kubernetes.io/${mode}=restricted`);
    await succeed('kubectl', ['label', 'namespace', this.name, 'app.kubernetes.io/part-of=sluice-tests', ...standard]);
  }

  async delete(): Promise<void> {
    await succeed('kubectl', ['delete', 'namespace', this.name, '--ignore-not-found', '--timeout=120s']);
  }

  async kubectl(...args: string[]): Promise<string> {
    return this.noted(await succeed('kubectl', ['--namespace', this.name, ...args]));
  }

  tryKubectl(...args: string[]): Promise<Finished> {
    return run('kubectl', ['--namespace', this.name, ...args]);
  }

  async apply(...objects: object[]): Promise<void> {
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    this.noted(await succeed('kubectl', ['--namespace', this.name, 'apply', '-f', '-'], list));
  }

  async helm(...args: string[]): Promise<string> {
    return this.noted(await succeed('helm', ['--namespace', this.name, ...args]));
  }

  /** The same with values, given as an object. */
  async helmWithValues(values: object, ...args: string[]): Promise<string> {
    const all = ['--namespace', this.name, ...args, '--values', '-'];
    return this.noted(await succeed('helm', all, JSON.stringify(values)));
  }

  tryHelm(values: object, ...args: string[]): Promise<Finished> {
    return run('helm', ['--namespace', this.name, ...args, '--values', '-'], JSON.stringify(values));
  }

  async list<T extends KubernetesObject>(kind: string, selector = ''): Promise<T[]> {
    const text = await this.kubectl('get', kind, '--selector', selector, '--output', 'json');
    return (JSON.parse(text) as { items: T[] }).items;
  }

  async get<T extends KubernetesObject>(kind: string, name: string): Promise<T> {
    return JSON.parse(await this.kubectl('get', kind, name, '--output', 'json')) as T;
  }

  /** Pods of a component of the release that are not on their way out. */
  async pods(component: string): Promise<Pod[]> {
    const pods = await this.list<Pod>('pods', `app.kubernetes.io/component=${component}`);
    return pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  async rolledOut(deployment: string, timeoutSeconds = 240): Promise<void> {
    await this.kubectl('rollout', 'status', `deployment/${deployment}`, `--timeout=${timeoutSeconds}s`);
  }

  /** Waits for a pod that ends by itself, and returns how it ended. */
  async finishedPod(name: string, timeoutMs = 60_000): Promise<{ exitCode: number; log: string }> {
    const terminated = await waitFor(
      `the end of pod ${name}`,
      async () => {
        const { status } = await this.get<Pod>('pod', name);
        const state = status.containerStatuses?.[0]?.state['terminated'] as { exitCode: number } | undefined;
        return state;
      },
      timeoutMs,
    );
    return { exitCode: terminated.exitCode, log: await this.kubectl('logs', name) };
  }

  private noted({ stdout, stderr }: Finished): string {
    for (const line of stderr.split('\n')) if (line.trim() !== '') this.warnings.push(line.trim());
    return stdout;
  }
}

/** The API server on a port of this machine, with this user's rights: pods and Services are reached through it wherever they are. */
export class ApiProxy {
  private constructor(
    readonly address: string,
    private readonly end: () => void,
  ) {}

  static async start(): Promise<ApiProxy> {
    const child = spawn('kubectl', ['proxy', '--port=0'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const address = /127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (address === undefined) throw new Error(`kubectl proxy said: ${line}`);
    return new ApiProxy(address, () => child.kill());
  }

  /** Address of a path of a pod or Service, `kind` being `pods` or `services`. */
  url(namespace: string, kind: 'pods' | 'services', nameAndPort: string, path: string): string {
    return `http://${this.address}/api/v1/namespaces/${namespace}/${kind}/${nameAndPort}/proxy${path}`;
  }

  stop(): void {
    this.end();
  }
}

/** An address of a node at which NodePorts answer from here. SLUICE_TEST_NODE_ADDRESS overrides what the cluster says. */
export async function nodeAddress(): Promise<string> {
  const named = process.env['SLUICE_TEST_NODE_ADDRESS'];
  if (named !== undefined && named !== '') return named;
  const { stdout } = await succeed('kubectl', [
    'get',
    'nodes',
    '--output',
    'jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}',
  ]);
  return stdout.trim();
}
