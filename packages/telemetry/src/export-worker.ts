import { parentPort, workerData } from 'node:worker_threads';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { readableSpan } from './span-data.js';
import type { ExportReply, ExportRequest, ExportWorkerData } from './worker-exporter.js';

/** The thread that exports: makes OTLP of spans and sends them. It knows one kind of message, and answers each. */
const { url, headers, timeoutMs, resource, scope } = workerData as ExportWorkerData;
const exporter = new OTLPTraceExporter({ url, headers, timeoutMillis: timeoutMs });
// One object each: the exporter groups spans by identity.
const shared = resourceFromAttributes(resource);

parentPort?.on('message', ({ id, spans }: ExportRequest) => {
  const batch = spans.map((data) => readableSpan(data, shared, scope));
  exporter.export(batch, ({ code, error }) => {
    const reply: ExportReply = { id, code, reason: error && reasonOf(error) };
    parentPort?.postMessage(reply);
  });
});

/** In one line. Not what the collector answered beyond its status: that may repeat what it was sent. */
function reasonOf({ name, message, code }: Error & { code?: unknown }): string {
  if (typeof code === 'number') return `the collector answered ${code} ${message}`.trim();
  return message || (typeof code === 'string' ? code : name);
}
