import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '@sluice/contracts';
import { ManagementCaller } from './management-caller.js';
import { type SelfTestTarget, StepFailure, shown } from './self-test-target.js';
import { openTestConnection, type TestConnection } from './test-connection.js';
import type { TimeBudget } from './time-budget.js';

export interface Step {
  name: string;
  /** Says what it has seen. Throws `StepFailure`. */
  run(): Promise<string>;
}

/** The steps in their order; `close` lets go of what they hold, however far they came. */
export function selfTestSteps(target: SelfTestTarget, times: TimeBudget): { list: Step[]; close(): void } {
  const steps = new SelfTest(target, times);
  const list: Step[] = [
    { name: 'connect', run: () => steps.connect() },
    { name: 'echo', run: () => steps.echo() },
    { name: 'post', run: () => steps.post() },
    { name: 'receive', run: () => steps.receive() },
    { name: 'get', run: () => steps.get() },
    { name: 'close', run: () => steps.closeConnection() },
    { name: 'gone', run: () => steps.gone() },
  ];
  return { list, close: () => steps.release() };
}

class SelfTest {
  private connection: TestConnection | undefined;
  private connectionId = '';
  private readonly management: ManagementCaller;
  private readonly posted = `sluice self-test ${crypto.randomUUID()}`;

  constructor(
    private readonly target: SelfTestTarget,
    private readonly times: TimeBudget,
  ) {
    this.management = new ManagementCaller(target, times);
  }

  async connect(): Promise<string> {
    const { edgeUrl, api, stage } = this.target;
    this.connection = await openTestConnection(`${edgeUrl}/${api}/${stage}`, this.target, this.times);
    return 'the handshake was answered with 101';
  }

  /** The API can give back a status only (`self-test-api.yaml`), so a status is what is asked for: any of 400. */
  async echo(): Promise<string> {
    const statusCode = 200 + Math.floor(Math.random() * 400);
    this.open.send(JSON.stringify({ action: 'echo', statusCode }));
    const text = await this.open.next('the answer of the route echo');
    const answer = parsed(text);
    const id = answer['connectionId'];
    if (answer['statusCode'] !== statusCode || typeof id !== 'string' || id === '') {
      throw new StepFailure(
        `asked for statusCode ${statusCode}, the route echo answered ${shown(text)}`,
        `The API needs the route echo of the chart's files/self-test-api.yaml; a router has to run, and to have the same configuration.`,
      );
    }
    this.connectionId = id;
    return `route and mock answered, connection ${id}`;
  }

  async post(): Promise<string> {
    const { status, body } = await this.management.call('POST', this.connectionId, this.posted);
    if (status === 200) return 'the callback service answered 200';
    throw this.management.failure('POST', status, body);
  }

  async receive(): Promise<string> {
    const text = await this.open.next('the message posted');
    if (text === this.posted) return 'the message arrived';
    throw new StepFailure(
      `another message arrived: ${shown(text)}`,
      'Somebody else writes to this connection; the key of the self-test should be its own.',
    );
  }

  async get(): Promise<string> {
    const { status, body } = await this.management.call('GET', this.connectionId);
    const connectedAt = parsed(body)['connectedAt'];
    if (status === 200 && typeof connectedAt === 'string') return `connected at ${connectedAt}`;
    throw this.management.failure('GET', status, body);
  }

  async closeConnection(): Promise<string> {
    const code = await this.open.close();
    if (code === 1000) return 'the gateway answered with a close frame, 1000';
    throw new StepFailure(
      `the connection ended with ${code} instead of 1000`,
      'Something between here and the edge cuts connections: look at idle timeouts and restarts of proxies.',
    );
  }

  /** The edge has answered the close frame, so the first call should find nobody; a proxy may have answered in its place. */
  async gone(): Promise<string> {
    const untilMs = this.times.elapsedMs() + limits.selfTestGoneMs;
    for (let calls = 1; ; calls++) {
      const { status, body } = await this.management.call('POST', this.connectionId, this.posted);
      if (status === 410) return `410 at call ${calls}`;
      if (status !== 200) throw this.management.failure('POST', status, body);
      if (this.times.elapsedMs() > untilMs || this.times.over) {
        throw new StepFailure(
          `a post to the closed connection is still answered ${status}, after ${calls} calls`,
          'An edge believes that the connection is open: look for its connection id in the log of the edges.',
        );
      }
      await sleep(limits.selfTestGonePollMs);
    }
  }

  release(): void {
    this.connection?.terminate();
  }

  private get open(): TestConnection {
    if (this.connection === undefined) throw new Error('the steps run in their order');
    return this.connection;
  }
}

/** Nothing where the text is no JSON object. */
function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
