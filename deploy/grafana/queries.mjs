// The PromQL that panels share. Filters are Grafana variables; each matches everything until somebody chooses.

/** Series of the chosen pods. */
export const ofPods = 'namespace=~"$namespace",release=~"$release",pod=~"$pod"';
/** And of the chosen APIs and stages. */
export const ofStages = `${ofPods},api=~"$api",stage=~"$stage"`;
/** Where a metric knows the API, and not the stage. */
export const ofApis = `${ofPods},api=~"$api"`;

/** Per second, summed. */
export const rate = (metric, by, filter = ofPods) => sumBy(by, `rate(${metric}{${filter}}[$__rate_interval])`);

/** How many in the chosen range of time. */
export const increase = (metric, by, filter = ofPods) => sumBy(by, `increase(${metric}{${filter}}[$__rate_interval])`);

export const sum = (metric, by, filter = ofPods) => sumBy(by, `${metric}{${filter}}`);

/** What every router reports of the same thing, the worst of it. */
export const worst = (metric, by, filter = ofPods) => `max${grouping(by)}(${metric}{${filter}})`;

export const sumBy = (by, inner) => `sum${grouping(by)}(${inner})`;

const grouping = (by) => (by ? ` by (${by}) ` : ' ');

export const offered = [0.5, 0.95, 0.99];

/** One percentile of a histogram. */
export const percentile = (quantile, metric, by, filter = ofPods) =>
  `histogram_quantile(${quantile}, ${sumBy(by ? `${by}, le` : 'le', `rate(${metric}_bucket{${filter}}[$__rate_interval])`)})`;

/**
 * The percentiles that `$quantile` chooses. It may hold several, and `histogram_quantile` takes one number: all are computed,
 * each with its label, and those that the variable matches get another label, by which the rest is left out.
 */
export function percentiles(metric, by, filter = ofPods) {
  const each = offered.map(
    (quantile) => `label_replace(${percentile(quantile, metric, by, filter)}, "quantile", "${quantile}", "", "")`,
  );
  return `label_replace(${each.join(' or ')}, "chosen", "yes", "quantile", "$quantile") and on (chosen) label_replace(vector(1), "chosen", "yes", "", "")`;
}

/** Percentages are shares of 1; where nothing happened there is no share. */
export const share = (part, whole) => `${part} / (${whole} > 0)`;
