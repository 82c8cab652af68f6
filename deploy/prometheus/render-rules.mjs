// Renders deploy/helm/sluice/files/prometheus-rules.yaml into groups of Prometheus rules, as the chart's PrometheusRule does.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const sourceFile = fileURLToPath(new URL('../helm/sluice/files/prometheus-rules.yaml', import.meta.url));

/** The source as it is written. */
export const readRuleSource = () => parse(readFileSync(sourceFile, 'utf8'));

/**
 * @param {object} [options]
 * @param {string} [options.selector] matchers every series has to meet, such as `namespace="chat"`
 * @param {Record<string, object>} [options.rules] per alert: `enabled`, `for`, `severity`, `labels` or one of its parameters
 * @param {Record<string, number>} [options.objectives] per objective, such as 0.999
 * @param {string[]} [options.planes] processes that are to be there
 * @param {number} [options.timeScale] shortens every window and `for`, so that a test need not wait for days
 */
export function renderRules(options = {}) {
  const source = readRuleSource();
  const scale = timeScaler(options.timeScale ?? 1);
  const common = {
    selector: options.selector ? `${options.selector},` : '',
    by: source.by,
    pod: source.pod,
  };
  const recordings = source.recordings.map(({ group, interval, windows }) => ({
    name: group,
    interval: scale(interval),
    rules: windows.flatMap((window) =>
      Object.entries(source.slos).flatMap(([slo, texts]) => recordingsOf(slo, texts, window, common, options, scale)),
    ),
  }));
  const alerts = source.alerts
    .filter(({ alert }) => options.rules?.[alert]?.enabled !== false)
    .map((rule) => alertOf(rule, source, common, options, scale));
  return { groups: [...recordings, { name: 'sluice', rules: alerts }] };
}

function recordingsOf(slo, { objective, bad, all }, window, common, options, scale) {
  const [badRate, allRate] = [bad, all].map((text) => scaled(fill(text, { ...common, window }), scale));
  const of = (what) => `${what}:rate${window}{${fill('%selector%', common)}slo="${slo}"}`;
  const budget = `(1 - ${options.objectives?.[slo] ?? objective})`;
  const labels = { slo };
  return [
    { record: `sluice:slo_all:rate${window}`, expr: allRate, labels },
    // Nothing bad has no series yet: its zero comes from the other.
    { record: `sluice:slo_bad:rate${window}`, expr: `(${badRate}) or 0 * (${allRate})`, labels },
    {
      record: `sluice:slo_burn:rate${window}`,
      expr: `${of('sluice:slo_bad')} / ${of('sluice:slo_all')} / ${budget}`,
      labels,
    },
  ];
}

function alertOf(rule, source, common, options, scale) {
  const { enabled: _, for: wait, severity, labels, ...parameters } = options.rules?.[rule.alert] ?? {};
  const values = { ...common, ...rule.parameters, ...parameters };
  const exprs =
    rule.each === 'plane' ? (options.planes ?? source.planes).map((plane) => ({ ...values, plane })) : [values];
  const expr = exprs.map((each) => fill(rule.expr.trim(), each)).join('\nor ');
  const rendered = { alert: rule.alert, expr: scaled(expr, scale) };
  const lasting = wait ?? rule.for;
  if (lasting !== undefined) rendered.for = scale(lasting);
  if (rule.keepFiringFor !== undefined) rendered.keep_firing_for = scale(rule.keepFiringFor);
  rendered.labels = { severity: severity ?? rule.severity, product: 'sluice', ...labels };
  rendered.annotations = {
    summary: rule.summary,
    description: rule.description.trim(),
    runbook_url: `${source.runbooks}/${rule.alert}.md`,
  };
  return rendered;
}

/** `%name%` by its value; an empty pair of braces, and the comma that an empty selector leaves, are taken away. */
function fill(expr, values) {
  const filled = expr.replace(/%(\w+)%/g, (_, name) => {
    if (values[name] === undefined) throw new Error(`prometheus-rules.yaml: %${name}% is no parameter of its rule`);
    return String(values[name]);
  });
  return filled.replaceAll(',}', '}').replaceAll('{}', '');
}

const units = { s: 1, m: 60, h: 3600, d: 86_400 };

function secondsOf(duration) {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(duration) ?? [];
  if (unit === undefined) throw new Error(`${duration} is no duration such as 30s or 5m`);
  return Number(count) * units[unit];
}

// Scrapes of a test come each second: a rate needs some of them.
const rangeSecondsMin = 10;

function timeScaler(factor) {
  if (factor === 1) return (duration) => duration;
  return (duration) => `${Math.max(1, Math.round(secondsOf(duration) * factor))}s`;
}

function scaled(expr, scale) {
  return expr.replace(/\[(\d+[smhd])\]/g, (range, duration) => {
    const short = scale(duration);
    return short === duration ? range : `[${Math.max(rangeSecondsMin, secondsOf(short))}s]`;
  });
}
