import type { PostCommand } from '@sluice/contracts';
import {
  type ActiveSpan,
  attributeNames,
  isSampled,
  messagingAttributes,
  spanNames,
  type Tracing,
} from '@sluice/telemetry';
import type { Connection } from './connection.js';

/** The end of a post's way, in the trace of its management call; undefined where that is not recorded. */
export function startDeliverSpan(
  tracing: Tracing,
  connection: Connection,
  { traceparent, body }: PostCommand,
): ActiveSpan | undefined {
  if (!tracing.enabled || !isSampled(traceparent)) return undefined;
  return tracing.startSpan(spanNames.deliver, {
    kind: 'consumer',
    parent: traceparent,
    links: [traceparent, connection.traceparent],
    attributes: {
      ...messagingAttributes('process', 'inbox'),
      [attributeNames.bodySize]: body.length,
      [attributeNames.api]: connection.stage.apiId,
      [attributeNames.stage]: connection.stage.stageName,
      [attributeNames.connectionId]: connection.id,
    },
  });
}
