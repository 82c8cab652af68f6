import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { parse } from 'yaml';
// @ts-expect-error plain JavaScript, like all scripts
import { requireGoTools } from '../../scripts/go-tools.mjs';
// @ts-expect-error plain JavaScript, like all scripts
import { renderRules } from './render-rules.mjs';

const chart = fileURLToPath(new URL('../helm/sluice', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'sluice-chart-rules-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
requireGoTools(['helm']);

/** The chart's PrometheusRule, or why it is refused. */
function render(more: { metrics?: object; root?: object }) {
  const values = join(directory, 'values.yaml');
  const config = { auth: { keys: [{ accessKeyId: 'a', secretAccessKey: 'b', allow: ['*'] }] } };
  const metrics = { disableApiCheck: true, prometheusRule: { enabled: true, ...more.metrics } };
  writeFileSync(values, JSON.stringify({ config, redis: { url: 'redis://redis:6379' }, metrics, ...more.root }));
  const args = ['template', 'chat', chart, '--namespace', 'rooms', '--kube-version', '1.34.0', '-f', values];
  return spawnSync('helm', [...args, '-s', 'templates/monitoring/prometheus-rule.yaml'], { encoding: 'utf8' });
}

/** Its groups. */
function chartRules(more: { metrics?: object; root?: object } = {}) {
  const { status, stdout, stderr } = render(more);
  expect(status, stderr).toBe(0);
  return (parse(stdout) as { spec: { groups: unknown } }).spec.groups;
}

const selector = 'namespace="rooms",release="chat"';
// Helm goes through a map by name, and the order inside a group of recordings means nothing between objectives.
const sorted = (groups: { name: string; rules: { record?: string; labels: { slo?: string } }[] }[]) =>
  groups.map((group) => ({
    ...group,
    rules: group.name === 'sluice' ? group.rules : group.rules.toSorted((a, b) => keyOf(a).localeCompare(keyOf(b))),
  }));
const keyOf = ({ record, labels }: { record?: string; labels: { slo?: string } }) => `${labels.slo} ${record}`;

it('the chart renders the same rules as the script, for its own namespace and release', () => {
  expect(sorted(chartRules() as never)).toEqual(sorted(renderRules({ selector }).groups));
});

it('values leave rules out and change their parameters, objectives and labels', () => {
  const rules = {
    OverheadHigh: { threshold: 0.25, for: '15m', severity: 'ticket', labels: { team: 'chat' } },
    HandshakeThrottled: { enabled: false },
  };
  const objectives = { handshakes: 0.99 };
  expect(sorted(chartRules({ metrics: { rules, objectives } }) as never)).toEqual(
    sorted(renderRules({ selector, rules, objectives }).groups),
  );
});

it('a plane that is not there is not missed, and the drain is measured by the grace period', () => {
  const groups = chartRules({
    root: { callback: { enabled: false }, edge: { terminationGracePeriodSeconds: 200 } },
  });
  const rules = { DrainStuck: { threshold: 185 } };
  expect(sorted(groups as never)).toEqual(sorted(renderRules({ selector, rules, planes: ['edge', 'router'] }).groups));
});

it('the selector can be another one, or none', () => {
  expect(sorted(chartRules({ metrics: { selector: 'job="chat"' } }) as never)).toEqual(
    sorted(renderRules({ selector: 'job="chat"' }).groups),
  );
  expect(sorted(chartRules({ metrics: { selector: '' } }) as never)).toEqual(sorted(renderRules().groups));
});

it('an alert or a parameter that does not exist is refused, with those that do', () => {
  const noAlert = render({ metrics: { rules: { RedisSad: { enabled: false } } } });
  expect(noAlert.stderr).toContain(
    'metrics.prometheusRule.rules.RedisSad: there is no such alert. There are AbnormalCloses,',
  );
  const noParameter = render({ metrics: { rules: { RedisMemory: { treshold: 0.9 } } } });
  expect(noParameter.stderr).toContain(
    'metrics.prometheusRule.rules.RedisMemory.treshold: this alert has no such parameter.',
  );
  expect(noParameter.stderr).toContain('horizonSeconds');
});
