import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type MetricDefinition, type MetricKey, metricDefinitions, metricName } from '@sluice/telemetry';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
// @ts-expect-error plain JavaScript, like all scripts
import { metricsOf } from './metrics-of.mjs';
// @ts-expect-error plain JavaScript, like all scripts
import { renderRules } from './render-rules.mjs';
// @ts-expect-error plain JavaScript, like all scripts
import { alertsPage, rulesFile } from './rules-file.mjs';

interface Rule {
  alert?: string;
  record?: string;
  expr: string;
  for?: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}
interface PromtoolCase {
  alert_rule_test: { alertname: string; exp_alerts: unknown[] }[];
}

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const rulesOf = (options?: object): Rule[] =>
  renderRules(options).groups.flatMap(({ rules }: { rules: Rule[] }) => rules);
const alerts = rulesOf().filter(({ alert }) => alert !== undefined) as (Rule & { alert: string })[];
const testFiles = readdirSync(path('tests')).map((name) => path(`tests/${name}`));

function promtool(...args: string[]) {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, { encoding: 'utf8' });
  if (error !== undefined) throw error;
  return { status, text: `${stdout}${stderr}` };
}

function checkRules(text: string) {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-rules-'));
  const file = join(directory, 'rules.yaml');
  writeFileSync(file, text);
  const checked = promtool('check', 'rules', file);
  rmSync(directory, { recursive: true });
  return checked;
}

/** Lines of the blocks of PromQL, without their comments. */
function queriesIn(page: string): string[] {
  const blocks = [...page.matchAll(/```promql\n(.*?)```/gs)].map(([, block]) => block as string);
  return blocks
    .flatMap((block) => block.split('\n'))
    .map((line) => line.replace(/#.*$/, '').trim())
    .filter((line) => line !== '');
}

/** What a process exposes, histograms by their three names. */
function exposedNames(): Set<string> {
  const suffixes = (type: MetricDefinition['type']) => (type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']);
  return new Set(
    (Object.keys(metricDefinitions) as MetricKey[]).flatMap((key) =>
      suffixes(metricDefinitions[key].type).map((suffix) => metricName(key) + suffix),
    ),
  );
}

describe('the rules', () => {
  it('rules.yaml is what the source says', () => {
    expect(readFileSync(path('rules.yaml'), 'utf8'), 'run `npm run rules` and commit what it writes').toBe(rulesFile());
  });

  it('docs/operate/alerts.md is what the source says', () => {
    const page = readFileSync(path('../../docs/operate/alerts.md'), 'utf8');
    expect(page, 'run `npm run rules` and commit what it writes').toBe(alertsPage());
  });

  it('promtool takes them', () => {
    const { status, text } = promtool('check', 'rules', path('rules.yaml'));
    expect(status, text).toBe(0);
  });

  it('promtool takes them for one release, and with every parameter changed', () => {
    const rules = Object.fromEntries(alerts.map(({ alert }) => [alert, { threshold: 0.5, for: '7m', severity: 'x' }]));
    const text = rulesFile({ selector: 'namespace="chat",release="sluice"', rules, planes: ['edge'] });
    const checked = checkRules(text);
    expect(checked.status, checked.text).toBe(0);
    expect(text).not.toMatch(/%\w+%/);
    const exprs = rulesOf({ selector: 'namespace="chat",release="sluice"', rules }).map(({ expr }) => expr);
    const open = exprs.filter((expr) =>
      /\b(sluice|nodejs|process)[_:][\w:]+(?![\w:]|\{namespace="chat",release=")/.test(expr),
    );
    expect(open).toEqual([]);
  });

  it('every alert fires in a promtool test, and keeps still in another', () => {
    const { status, text } = promtool('test', 'rules', ...testFiles);
    expect(status, text).toBe(0);
    const checks = testFiles
      .flatMap((file) => (parse(readFileSync(file, 'utf8')) as { tests: PromtoolCase[] }).tests)
      .flatMap((test) => test.alert_rule_test);
    const fires = new Set(checks.filter((check) => check.exp_alerts.length > 0).map((check) => check.alertname));
    const still = new Set(checks.filter((check) => check.exp_alerts.length === 0).map((check) => check.alertname));
    const names = alerts.map(({ alert }) => alert).sort();
    expect({ fires: [...fires].sort(), still: [...still].sort() }).toEqual({ fires: names, still: names });
  });

  it('name only metrics that a process has', () => {
    const exposed = exposedNames();
    const recorded = new Set(rulesOf().map(({ record }) => record));
    const named = new Set<string>(rulesOf().flatMap(({ expr }) => metricsOf(expr)));
    expect(named.size).toBeGreaterThan(30);
    const unknown = [...named].filter((name) => !exposed.has(name) && !recorded.has(name));
    expect(unknown.filter((name) => !/^(nodejs|process)_|^up$/.test(name))).toEqual([]);
  });

  it.each(alerts.map((rule) => [rule.alert, rule] as const))(
    '%s says what, how bad and where to read on',
    (name, rule) => {
      expect(rule.labels['severity']).toMatch(/^(page|ticket)$/);
      for (const text of ['summary', 'description']) expect(rule.annotations[text]?.length, text).toBeGreaterThan(10);
      const page = basename(new URL(rule.annotations['runbook_url'] as string).pathname);
      expect(page).toBe(`${name}.md`);
      const file = path(`../../docs/operate/runbooks/${page}`);
      expect(existsSync(file), file).toBe(true);
      const text = readFileSync(file, 'utf8');
      for (const part of ['## Meaning', '## Impact', '## Check', '## Fix']) expect(text, page).toContain(part);
    },
  );

  it('queries of the runbooks can be run, and name only metrics that there are', () => {
    const folder = path('../../docs/operate/runbooks');
    const exprs = readdirSync(folder).flatMap((name) => queriesIn(readFileSync(join(folder, name), 'utf8')));
    expect(exprs.length).toBeGreaterThan(50);
    const rules = exprs.map((expr, index) => ({ record: `query:${index}`, expr }));
    const { status, text } = checkRules(JSON.stringify({ groups: [{ name: 'runbooks', rules }] }));
    expect(status, text).toBe(0);
    const known = new Set([...exposedNames(), ...rulesOf().map(({ record }) => record)]);
    const unknown = exprs.flatMap((expr) => metricsOf(expr) as string[]).filter((name) => !known.has(name));
    expect(unknown.filter((name) => !/^(nodejs|process)_|^up$/.test(name))).toEqual([]);
  });

  // With a selector, kubectl shows the last 10 lines of each pod, whatever --since says: a search in them finds nothing.
  it('logs of several pods are read whole', () => {
    const folder = path('../../docs/operate/runbooks');
    const lines = readdirSync(folder).flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'));
    const searches = lines.filter((line) => /kubectl logs -l/.test(line));
    expect(searches.length).toBeGreaterThan(3);
    expect(searches.filter((line) => !line.includes('--tail=-1'))).toEqual([]);
  });

  it('no runbook is left over', () => {
    const pages = readdirSync(path('../../docs/operate/runbooks')).map((name) => name.replace('.md', ''));
    expect(pages.sort()).toEqual(alerts.map(({ alert }) => alert).sort());
  });
});
