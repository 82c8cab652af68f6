import { stringify } from 'yaml';
import { readRuleSource, renderRules } from './render-rules.mjs';

const head = `# Written by \`npm run rules\` from deploy/helm/sluice/files/prometheus-rules.yaml; change that file, not this one.
# For a Prometheus without the operator: name this file under \`rule_files\`. Results are kept apart by the labels
# \`namespace\` and \`release\` where the scraped series have them.
`;

/** The rules as a file that Prometheus and promtool read. */
export const rulesFile = (options) =>
  head + stringify(renderRules(options), { lineWidth: 0, aliasDuplicateObjects: false });

const cell = (text) => text.replaceAll('|', '\\|').replace(/\s+/g, ' ');

/** `{{ … }}` as a reader would say it. */
const spoken = (text) =>
  text
    .replace(/\{\{ if [^}]*\}\}(.*?)\{\{ else \}\}(.*?)\{\{ end \}\}/gs, '$1, or: $2,')
    .replace(/\{\{ or \$labels\.pod \$labels\.instance \}\}/g, '*pod*')
    .replace(/\{\{ \$labels\.(\w+) \}\}/g, '*$1*')
    .replace(/\{\{ \$value[^}]*\}\}/g, '*n*');

/** docs/operate/alerts.md */
export function alertsPage() {
  const { alerts, slos } = readRuleSource();
  const rows = alerts.map(
    ({ alert, severity, summary, description, parameters, for: lasting }) =>
      `| [${alert}](runbooks/${alert}.md) | ${severity} | ${cell(spoken(summary))}. ${cell(spoken(description))} | ${lasting ?? 'at once'} | ${Object.entries(
        parameters,
      )
        .map(([name, value]) => `\`${name}: ${value}\``)
        .join(', ')} |`,
  );
  const objectives = Object.entries(slos).map(([slo, { objective, bad }]) => {
    return `| \`${slo}\` | ${(objective * 100).toFixed(2)} % | \`${cell(bad.replaceAll('%selector%', '').replaceAll('%by%', 'namespace, release').replaceAll('%window%', '5m'))}\` |`;
  });
  return `${pageHead}
| alert | severity | it says | after | parameters |
| --- | --- | --- | --- | --- |
${rows.join('\n')}

## Objectives

\`ErrorBudgetBurn\` and \`ErrorBudgetBurnSlow\` watch three. Each is good events out of all, over 30 days; the table has what counts as bad.

| objective | asked | bad events per second |
| --- | --- | --- |
${objectives.join('\n')}

Their recorded series are \`sluice:slo_all:rate5m\`, \`sluice:slo_bad:rate5m\` and \`sluice:slo_burn:rate5m\`, and the same for 30m, 1h, 6h and 3d, with the
label \`slo\`.
`;
}

const pageHead = `<!-- Written by \`npm run rules\`. Change deploy/helm/sluice/files/prometheus-rules.yaml, not this page. -->

# Alerts

\`page\` wakes somebody; \`ticket\` waits for the morning. Every alert has a runbook, a promtool test in which it fires and one in which it keeps still
(\`deploy/prometheus/tests\`), and a real fault that fires it in a real Prometheus (\`npm run test:alerts\`).

On Kubernetes with the Prometheus operator, the chart brings them: \`metrics.prometheusRule.enabled: true\`. Any of them can be changed or left out:

\`\`\`yaml values
metrics:
  prometheusRule:
    enabled: true
    objectives: { handshakes: 0.999 }
    rules:
      OverheadHigh: { threshold: 0.25, for: 15m, severity: ticket }
      HandshakeThrottled: { enabled: false }
\`\`\`

Without the operator, name [deploy/prometheus/rules.yaml](../../deploy/prometheus/rules.yaml) under \`rule_files\`. The alerts tell pods and releases apart by
the labels \`namespace\`, \`release\` and \`pod\`, which the chart's ServiceMonitors set; without them they still work, for all that is scraped together.
\`DrainStuck\` is seen only where a scrape falls into the last 10 s of a grace period: at a scrape interval of 5 s one always does, at 15 s in two
cases of three.
`;
