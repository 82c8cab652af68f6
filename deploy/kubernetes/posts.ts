import { setTimeout as sleep } from 'node:timers/promises';
import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import { loadTestKey } from '@sluice/loadtest';
import type { Fleet } from './fleet.js';

export interface PostsReport {
  posts: number;
  ok: number;
  /** 410, and the client has indeed lost that connection. */
  gone: number;
  /** Any other answer or none: the caller knows that it has to try again. */
  failed: Record<string, number>;
  /** 200, and no client got it; 410 for a connection that lived on; or a message that arrived twice. */
  untruthful: string[];
}

/** The AWS SDK as a back end uses it; one attempt a call, so that every failure is counted. */
export function managementClient(endpoint: string): ApiGatewayManagementApiClient {
  return new ApiGatewayManagementApiClient({
    endpoint,
    region: 'us-east-1',
    credentials: loadTestKey,
    maxAttempts: 1,
  });
}

export async function post(client: ApiGatewayManagementApiClient, connectionId: string, data: string): Promise<number> {
  try {
    await client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: data }));
    return 200;
  } catch (error) {
    const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
    if (status !== undefined) return status;
    throw error;
  }
}

interface Call {
  text: string;
  connectionId: string;
  outcome: number | string;
}

/** Posts to the connections of a fleet without pause, and judges afterwards whether every answer was the truth. */
export class Posts {
  private readonly calls: Call[] = [];
  private readonly client: ApiGatewayManagementApiClient;
  private readonly life: Promise<void>;
  private stopping = false;

  constructor(
    endpoint: string,
    private readonly fleet: Fleet,
    private readonly intervalMs: number,
  ) {
    this.client = managementClient(endpoint);
    this.life = this.live();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.life;
    this.client.destroy();
  }

  /** After the fleet has stopped as well: by then whatever was written has arrived. */
  report(): PostsReport {
    const failed: Record<string, number> = {};
    let ok = 0;
    let gone = 0;
    for (const { outcome } of this.calls) {
      if (outcome === 200) ok += 1;
      else if (outcome === 410) gone += 1;
      else failed[outcome] = (failed[outcome] ?? 0) + 1;
    }
    return { posts: this.calls.length, ok, gone, failed, untruthful: this.untruthful() };
  }

  private untruthful(): string[] {
    const ended = new Set(this.fleet.clients.flatMap(({ endedIds }) => [...endedIds]));
    return this.calls.flatMap(({ text, connectionId, outcome }) => {
      const arrivals = this.fleet.arrivals(text);
      if (outcome === 200 && arrivals === 0) return [`${text} was answered 200 and did not arrive`];
      if (outcome === 410 && !ended.has(connectionId)) return [`${text} was answered 410 and the connection is open`];
      return arrivals > 1 ? [`${text} arrived ${arrivals} times`] : [];
    });
  }

  // At its own pace whatever the answers do: a call that hangs must not hold up those behind it.
  private async live(): Promise<void> {
    const pending = new Set<Promise<void>>();
    for (let number = 0; !this.stopping; number += 1) {
      const { connected } = this.fleet;
      const connectionId = connected[number % Math.max(connected.length, 1)]?.connectionId;
      if (connectionId !== undefined) {
        const call = this.call(connectionId, `post-${number}`);
        pending.add(call);
        void call.finally(() => pending.delete(call));
      }
      await sleep(this.intervalMs);
    }
    await Promise.all(pending);
  }

  private async call(connectionId: string, text: string): Promise<void> {
    const call: Call = { text, connectionId, outcome: 'no answer' };
    this.calls.push(call);
    const data = JSON.stringify({ post: text });
    call.outcome = await post(this.client, connectionId, data).catch((error: unknown) => {
      return (error as { code?: string }).code ?? (error instanceof Error ? error.name : String(error));
    });
  }
}
