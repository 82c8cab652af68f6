// `node deploy/grafana/check-queries.mjs --prometheus http://… [--selector 'namespace="chat"'] [--minutes 5]`: runs every query of
// every dashboard in a real Prometheus and says which have no data.

import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { clientOf } from '../prometheus/start-prometheus.mjs';
import { dashboards, quietPanels } from './dashboards/index.mjs';

/** Every query of every panel, with the variables at their defaults. */
export function panelQueries({ selector, range = '5m', interval = '1m' } = {}) {
  return Object.entries(dashboards).flatMap(([dashboard, { panels }]) =>
    panels.flatMap(({ title, type, targets = [] }) =>
      targets.map(({ expr }) => ({
        panel: `${dashboard}: ${title}`,
        type,
        query: substitute(expr, { selector, range, interval }),
      })),
    ),
  );
}

/** An expression with the dashboard's variables as Grafana would put them in when nothing is chosen. */
export function substitute(expr, { selector, range, interval }) {
  return expr
    .replaceAll('$__rate_interval', interval)
    .replaceAll('$__range', range)
    .replaceAll('namespace=~"$namespace",', selector ? `${selector},namespace=~".*",` : 'namespace=~".*",')
    .replace(/\$\{?(namespace|release|pod|api|stage|quantile)\}?/g, '.*');
}

/**
 * Runs them and returns one line per panel: `data`, `quiet` (none, and there may rightly be none, with the reason) or `empty`. A panel has
 * data when a query of its own has had a number within the range.
 * @param {{ query: Function, queryRange: Function }} prometheus
 */
export async function checkQueries(prometheus, { selector, minutes = 5, at = Date.now() / 1000, interval } = {}) {
  const panels = new Map();
  for (const { panel, query } of panelQueries({ selector, range: `${Math.ceil(minutes)}m`, interval })) {
    const step = Math.max(1, (minutes * 60) / 100);
    const series = await prometheus.queryRange(query, at - minutes * 60, at, step);
    const hasData = series.some(({ values }) => values.some(([, value]) => value !== 'NaN'));
    panels.set(panel, (panels.get(panel) ?? true) && hasData);
  }
  return [...panels].map(([panel, hasData]) => {
    const reason = quietPanels.get(panel);
    if (hasData) return { panel, state: 'data' };
    return reason === undefined ? { panel, state: 'empty' } : { panel, state: 'quiet', reason };
  });
}

async function main() {
  const { values } = parseArgs({
    options: {
      prometheus: { type: 'string' },
      selector: { type: 'string' },
      minutes: { type: 'string', default: '5' },
    },
  });
  if (values.prometheus === undefined) {
    console.error('usage: check-queries.mjs --prometheus URL [--selector \'namespace="chat"\'] [--minutes 5]');
    process.exit(2);
  }
  const results = await checkQueries(clientOf(values.prometheus), {
    selector: values.selector,
    minutes: Number(values.minutes),
  });
  for (const { panel, state, reason } of results)
    if (state !== 'data') console.log(`${state}  ${panel}${reason ? ` (${reason})` : ''}`);
  const count = (wanted) => results.filter(({ state }) => state === wanted).length;
  console.log(
    `${results.length} panels: ${count('data')} with data, ${count('quiet')} rightly quiet, ${count('empty')} empty`,
  );
  process.exitCode = count('empty') === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
