import type { Envelope } from '@sluice/contracts';
import { attributeNames, isSampled, messagingAttributes, spanNames, type Tracing } from '@sluice/telemetry';
import { routerGroup, type ShardKeys } from './keys.js';

/** Beyond it the span is still right, and the producers have their own. */
const linksMax = 100;

/**
 * The CLIENT span of one read of the frame stream. A read has many producers, so it is a trace of its own, linked to those that
 * are recorded; where none of them is, there is no span.
 */
export class ReadTrace {
  private readonly startedAtMs = Date.now();
  private readonly links: string[] = [];
  private count = 0;
  private shard: ShardKeys | undefined;

  constructor(private readonly tracing: Tracing) {}

  add(shard: ShardKeys, envelopes: readonly Envelope[]): void {
    this.shard ??= shard;
    this.count += envelopes.length;
    for (const { traceparent } of envelopes) {
      if (isSampled(traceparent) && this.links.length < linksMax) this.links.push(traceparent);
    }
  }

  end(): void {
    if (this.links.length === 0) return;
    const span = this.tracing.startSpan(spanNames.receive, {
      kind: 'client',
      links: this.links,
      startedAtMs: this.startedAtMs,
      attributes: {
        ...messagingAttributes('receive', 'frames'),
        [attributeNames.consumerGroup]: routerGroup,
        [attributeNames.batchSize]: this.count,
        ...(this.shard === undefined ? {} : { [attributeNames.partition]: this.shard.label }),
      },
    });
    span.end();
  }
}
