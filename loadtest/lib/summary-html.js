const style = `
  :root { color-scheme: light dark; --good: #1a7f37; --bad: #c62828; --rule: #8884; }
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.4rem; } h2 { font-size: 1.05rem; margin: 1.8rem 0 .4rem; }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: right; padding: .25rem .6rem; border-bottom: 1px solid var(--rule); font-variant-numeric: tabular-nums; }
  th:first-child, td:first-child { text-align: left; }
  .passed { color: var(--good); } .failed { color: var(--bad); } .bad td { color: var(--bad); font-weight: 600; }
  .bar { background: #4c8dd6; height: .7rem; display: inline-block; vertical-align: middle; }
  .note { opacity: .75; }`;

/** The result as one page: no script, nothing is loaded from elsewhere. */
export function renderHtml(result) {
  const verdict = result.passed ? 'passed' : 'failed';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(result.scenario)} × ${escapeHtml(result.profile)}: ${verdict}</title><style>${style}</style></head><body>
<h1>${escapeHtml(result.scenario)} × ${escapeHtml(result.profile)}: <span class="${verdict}">${verdict}</span></h1>
<p class="note">${escapeHtml(provenance(result))}</p>
${failures(result)}
<h2>Latency, from the time it was due</h2>${latencyTable(result.latency)}
<h2>Counts</h2>${countTable(result)}
<h2>Connections by close code</h2>${rows(['code', 'connections'], Object.entries(result.closes))}
${gatewayTable(result)}
${generatorTable(result)}
<h2>Thresholds</h2>${rows(
    ['metric', 'threshold', 'result'],
    result.thresholds.map(({ metric, threshold, ok }) => [metric, threshold, ok ? 'ok' : 'failed']),
    ([, , outcome]) => outcome === 'failed',
  )}
</body></html>
`;
}

function provenance({
  startedAt,
  target,
  connections,
  ratePerSecond,
  workSeconds,
  seed,
  runId,
  machine,
  versions,
  commit,
}) {
  const parts = [
    startedAt,
    `against ${target.join(', ')}`,
    `${connections} clients`,
    `${ratePerSecond} per second for ${workSeconds} s`,
  ];
  parts.push(`seed ${seed}`, `run ${runId}`);
  if (machine) parts.push(`${machine.cpu}, ${machine.cores} cores, ${machine.system}`);
  if (versions)
    parts.push(
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', '),
    );
  if (commit) parts.push(`commit ${commit}`);
  return parts.filter(Boolean).join(' · ');
}

function failures({ failed }) {
  if (failed.length === 0) return '';
  const items = failed.map(
    ({ metric, threshold }) =>
      `<li><code>${escapeHtml(metric)}</code> was to be <code>${escapeHtml(threshold)}</code></li>`,
  );
  return `<h2 class="failed">What failed</h2><ul>${items.join('')}</ul>`;
}

function latencyTable(latency) {
  const highest = Math.max(...Object.values(latency).map(({ p99 }) => p99), 1e-9);
  const body = Object.entries(latency).map(([name, { p50, p95, p99, max, count }]) => [
    name,
    ...[p50, p95, p99, max].map((value) => value.toFixed(2)),
    String(count),
    { html: `<span class="bar" style="width:${((p99 / highest) * 8).toFixed(2)}rem"></span>` },
  ]);
  return rows(['ms', 'p50', 'p95', 'p99', 'max', 'count', 'p99'], body);
}

const bad = new Set([
  'lost',
  'duplicated',
  'unknownFrames',
  'failed',
  'falseGone',
  'falseOk',
  'abnormalCloses',
  'handshakesFailed',
  'disconnectsMissing',
  'clientsUnaccounted',
]);

function countTable({
  messages,
  posts,
  opened,
  handshakesRetried,
  handshakesFailed,
  abnormalCloses,
  disconnectsMissing,
  slowClosed,
  clientsUnaccounted,
}) {
  const groups = {
    // What a scenario does not do is not shown as so many zeros.
    ...(messages.sent + messages.answered > 0 ? { messages } : {}),
    ...(posts.sent > 0 ? { posts } : {}),
    connections: {
      opened,
      handshakesRetried,
      handshakesFailed,
      abnormalCloses,
      disconnectsMissing,
      slowClosed,
      clientsUnaccounted,
    },
  };
  const body = Object.entries(groups).flatMap(([group, counts]) =>
    Object.entries(counts).map(([name, count]) => [
      `${group}: ${name}`,
      Number.isInteger(count) ? String(count) : count.toFixed(1),
    ]),
  );
  return rows(['', ''], body, ([name, count]) => bad.has(name.split(': ')[1]) && count !== '0');
}

function gatewayTable({ gateway }) {
  if (!gateway) return '';
  const body = gateway.map(({ process, cpuMicrosecondsPerMessage, cpuSeconds }) => [
    process,
    cpuMicrosecondsPerMessage.toFixed(1),
    cpuSeconds.toFixed(2),
  ]);
  return `<h2>CPU of the gateway</h2>${rows(['process', 'µs per message', 'seconds'], body)}`;
}

function generatorTable({ generator }) {
  if (!generator) return '';
  const body = Object.entries(generator.facts);
  const warnings = generator.warnings.map((text) => `<p class="failed">${escapeHtml(text)}</p>`).join('');
  return `<h2>Health of the load generator</h2>${warnings}${rows(['', ''], body)}`;
}

function rows(head, body, isBad = () => false) {
  const cell = (value) => `<td>${typeof value === 'object' ? value.html : escapeHtml(String(value))}</td>`;
  const lines = body.map((row) => `<tr${isBad(row) ? ' class="bad"' : ''}>${row.map(cell).join('')}</tr>`);
  return `<table><tr>${head.map((each) => `<th>${escapeHtml(each)}</th>`).join('')}</tr>${lines.join('')}</table>`;
}

function escapeHtml(text) {
  return String(text).replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign]);
}
