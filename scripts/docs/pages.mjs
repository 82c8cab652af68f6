// The pages of docs/ that are written from what the code itself uses. Pure: the caller brings the data.
import { modelServiceMetrics } from './model-service-metrics.mjs';

const written = 'Written by `npm run docs`. Change the texts in';

/** docs/errors.md. */
export function errorsPage({ errorKinds, closes, closeHelp }) {
  const errors = Object.entries(errorKinds).map(([code, kind]) =>
    row(`\`${code}\``, kind.message, kind.handshakeStatus, kind.source, kind.retryable ? 'yes' : 'no', kind.help),
  );
  const endings = Object.entries(closes).map(([name, { code, reason }]) =>
    row(code, reason, `\`${name}\``, closeHelp[name]),
  );
  return `<!-- ${written} packages/contracts/src/errors.ts and close-codes.ts, not this page. -->

# Errors

What a client sees when a message or a handshake fails, and what it means to whoever runs the gateway. The code is in the log (\`code\`, with the
\`request_id\` that the client got) and in metrics (\`result\`, \`code\`); it does not change between versions. The message is the text of the
error frame \`{"message": "…", "connectionId":"…", "requestId":"…"}\`; the connection stays open. Where the failure ends a handshake, the status is that of
the HTTP answer, with the same text as its body.

| code | message | handshake | whose | may pass | what to do |
| --- | --- | --- | --- | --- | --- |
${errors.join('\n')}

What callers of \`@connections\` see is in [the flow](flow.md) and, rule by rule, in [compatibility](compatibility.md#9-connections).

# How a connection ends

Code and reason of the close frame, and what the \`$disconnect\` event reports. A client's own close is echoed and reported as it was.

| code | reason | name in metrics | what happened |
| --- | --- | --- | --- |
${endings.join('\n')}
`;
}

/** docs/metrics.md. */
export function metricsPage({ metricDefinitions, metricName, errorKinds, limits }) {
  const theirs = modelServiceMetrics({ errorKinds, metricName }).map(({ metric, query, differs }) =>
    row(`\`${metric}\``, `\`${query}\``, differs),
  );
  const rows = Object.entries(metricDefinitions).map(([key, { type, labels, help, buckets }]) => {
    const bounds = buckets === undefined ? '' : ` Buckets ${buckets.join(', ')}.`;
    const names = labels.map((label) => `\`${label}\``).join(', ');
    return row(`\`${metricName(key)}\``, type, names, `${help}${bounds}`);
  });
  return `<!-- ${written} packages/telemetry/src/metric-definitions.ts, not this page. -->

# Metrics

Every process serves them at \`/metrics\` of its admin port, in the Prometheus text format. Units are seconds and bytes. Labels hold configured names and
enumerated results, never a connection id, an address or a URL; a histogram has \`_bucket\`, \`_sum\` and \`_count\`. The first ${limits.metricApisMax}
APIs and ${limits.metricStagesMax} stages that a process meets are told apart; further ones share \`other\`. Besides these there are the
\`process_\` and \`nodejs_\` metrics of the client library.

| metric | type | labels | meaning |
| --- | --- | --- | --- |
${rows.join('\n')}

## The metrics of Amazon API Gateway

Their dimensions \`ApiId\`, \`Stage\` and \`Route\` are the labels \`api\`, \`stage\` and \`route\`. Routes are always told apart:
\`detailedMetricsEnabled\` is accepted and changes nothing here. Their three error metrics get a 0 or 1 for each operation, so that their average is a
rate; here divide by \`${metricName('messagesTotal')}\`. Counts are counters: take \`rate\` or \`increase\` of them, and \`sum by (api)\` for fewer
dimensions.

| theirs | ours | what is counted otherwise |
| --- | --- | --- |
${theirs.join('\n')}
`;
}

function row(...cells) {
  return `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
}
