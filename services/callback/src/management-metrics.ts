import type { Metrics } from '@sluice/telemetry';

type Count = ReturnType<Metrics['managementRequestsTotal']['labels']>;
type Duration = ReturnType<Metrics['managementSeconds']['labels']>;

const kinds: Record<string, string> = { POST: 'post', GET: 'get', DELETE: 'delete' };

/** Counts requests by operation and status. Children are resolved once: the look-up costs more than the increment. */
export class ManagementMetrics {
  private readonly children = new Map<string, { count: Count; duration: Duration }>();

  constructor(private readonly metrics: Metrics) {}

  /** `code` is a status, or `aborted` where the caller went away before the answer. */
  answered(method: string, code: number | 'aborted', durationMs: number, traceparent?: string): void {
    const kind = kinds[method] ?? 'other';
    const name = `${kind}${code}`;
    let child = this.children.get(name);
    if (child === undefined) {
      const labels = { kind, code: String(code) };
      child = {
        count: this.metrics.managementRequestsTotal.labels(labels),
        duration: this.metrics.managementSeconds.labels(labels),
      };
      this.children.set(name, child);
    }
    child.count.inc();
    child.duration.observe(durationMs / 1_000, traceparent);
  }

  delivered(durationMs: number, traceparent?: string): void {
    this.metrics.deliverySeconds.observe(durationMs / 1_000, traceparent);
  }

  refused(reason: string): void {
    this.metrics.signatureFailuresTotal.labels({ reason }).inc();
  }
}
