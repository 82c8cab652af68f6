import { edgeInbox } from '@sluice/contracts';
import {
  type ActiveSpan,
  attributeNames,
  messagingAttributes,
  spanNames,
  type Tracing,
  validTraceparent,
} from '@sluice/telemetry';
import type { TakenRequest } from './exchange.js';

/** The spans of one management call: the server's, and one for each command that it sends to an edge. */
export class ManagementTrace {
  private sent: ActiveSpan | undefined;

  constructor(
    private readonly tracing: Tracing | undefined,
    readonly span: ActiveSpan | undefined,
    /** Of the span, or of the caller where the call is not recorded. */
    readonly traceparent: string | undefined,
  ) {}

  /** A caller's trace goes on through a gateway that does not record it, or does not trace at all. */
  static of(tracing: Tracing, request: TakenRequest): ManagementTrace {
    const header = (wanted: string) => request.headers.find(([name]) => name === wanted)?.[1];
    const parent = validTraceparent(header('traceparent'));
    if (!tracing.samples(parent))
      return parent === undefined ? untraced : new ManagementTrace(undefined, undefined, parent);
    const route = '/{stage}/@connections/{connectionId}';
    const span = tracing.startSpan(`${request.method} ${route}`, {
      kind: 'server',
      parent,
      traceState: header('tracestate'),
      attributes: {
        [attributeNames.requestMethod]: request.method,
        [attributeNames.httpRoute]: route,
        [attributeNames.urlScheme]: 'http',
      },
    });
    return new ManagementTrace(tracing, span, span.traceparent);
  }

  /** A command goes to the edge of this node slot: gives what it carries. Until its outcome is known it is being sent. */
  command(nodeSlot: number): string | undefined {
    if (this.tracing === undefined) return this.traceparent;
    this.sent?.end();
    this.sent = this.tracing.startSpan(spanNames.sendCommand, {
      kind: 'producer',
      parent: this.traceparent,
      attributes: {
        ...messagingAttributes('send', 'inbox'),
        [attributeNames.partition]: edgeInbox(nodeSlot),
      },
    });
    return this.sent.traceparent;
  }

  end(code: number | 'aborted', failure: string | undefined): void {
    if (this.span === undefined) return;
    this.sent?.end(failure);
    if (code !== 'aborted') this.span.setAttribute(attributeNames.responseStatus, code);
    if (failure !== undefined) this.span.setAttribute(attributeNames.errorType, `${code}`);
    this.span.end(failure);
  }
}

export const untraced = new ManagementTrace(undefined, undefined, undefined);
