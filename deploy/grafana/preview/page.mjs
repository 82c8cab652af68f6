// A dashboard as a page: its panels on their grid, drawn from what a real Prometheus answers.
import { substitute } from '../check-queries.mjs';
import { colours, plot } from './plot.mjs';
import { format } from './units.mjs';

const column = 58;
const line = 31;
const gap = 8;
const legendMax = 6;

/** @param {object} prometheus @param {{ start: number, end: number, interval: string }} range */
export async function pageOf(dashboard, prometheus, range) {
  const drains = await drainsOf(dashboard, prometheus, range);
  const cells = await Promise.all(dashboard.panels.map((panel) => cell(panel, prometheus, range, drains)));
  const bottom = Math.max(...dashboard.panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  return `<!doctype html><meta charset="utf-8"><title>${escaped(dashboard.title)}</title><style>${style}</style>
<header><h1>${escaped(dashboard.title)}</h1><p>${escaped(dashboard.description)}</p>
<p class="variables">${dashboard.templating.list.map(({ label }) => `<span>${escaped(label)} <b>${label === 'Data source' ? 'Prometheus' : 'All'}</b></span>`).join('')}</p></header>
<main style="height:${bottom * line}px;width:${24 * column}px">${cells.join('\n')}</main>`;
}

const placed = ({ x, y, w, h }) =>
  `left:${x * column}px;top:${y * line}px;width:${w * column - gap}px;height:${h * line - gap}px`;

async function cell(panel, prometheus, range, drains) {
  if (panel.type === 'row') return `<h2 style="${placed(panel.gridPos)}">${escaped(panel.title)}</h2>`;
  const series = await seriesOf(panel, prometheus, range);
  const inner = panel.type === 'stat' ? statOf(panel, series) : graphOf(panel, series, range, drains);
  return `<section style="${placed(panel.gridPos)}"><h3>${escaped(panel.title)}</h3>${inner}</section>`;
}

async function seriesOf({ targets }, prometheus, { start, end, interval }) {
  const step = Math.max(1, Math.round((end - start) / 200));
  const answers = await Promise.all(
    targets.map(async ({ expr, legendFormat }) => {
      const query = substitute(expr, { range: `${Math.ceil((end - start) / 60)}m`, interval });
      const found = await prometheus.queryRange(query, start, end, step);
      return found.map(({ metric, values }) => ({
        name: nameOf(metric, legendFormat),
        values: values.map(([time, value]) => [time, Number(value)]),
      }));
    }),
  );
  return answers.flat().sort((a, b) => a.name.localeCompare(b.name));
}

function nameOf(metric, legendFormat) {
  if (legendFormat !== '__auto') return legendFormat.replace(/\{\{(\w+)\}\}/g, (_, label) => metric[label] ?? '');
  return Object.values(metric).join(' ') || 'value';
}

function statOf({ fieldConfig }, series) {
  const { unit, thresholds } = fieldConfig.defaults;
  const value = series[0]?.values.at(-1)?.[1] ?? Number.NaN;
  const { color } = thresholds.steps.filter(({ value: from }) => from === null || value >= from).at(-1);
  return `<p class="stat" style="color:${{ green: '#73bf69', orange: '#ff9830', red: '#f2495c' }[color]}">${format(unit, value)}</p>`;
}

function graphOf({ gridPos, fieldConfig }, series, { start, end }, drains) {
  if (series.length === 0) return '<p class="none">No data: nothing of this happened</p>';
  const { unit, min, thresholds, custom } = fieldConfig.defaults;
  const named = series.slice(0, legendMax);
  const rows = named.map(({ name, values }, index) => {
    const numbers = values.map(([, value]) => value).filter(Number.isFinite);
    return `<tr><td><i style="background:${colours[index]}"></i>${escaped(name)}</td><td>${format(unit, numbers.at(-1))}</td><td>${format(unit, Math.max(...numbers))}</td></tr>`;
  });
  const more = series.length > legendMax ? `<tr><td>and ${series.length - legendMax} more</td></tr>` : '';
  const legendHeight = (rows.length + (more ? 1 : 0)) * 14 + 16;
  const frame = {
    width: gridPos.w * column - gap - 16,
    height: gridPos.h * line - gap - 34 - legendHeight,
    start,
    end,
    unit,
    min,
    stack: custom.stacking.mode === 'normal',
    limits: thresholds.steps.map(({ value }) => value).filter((value) => value !== null && value > 0),
    drains,
  };
  return `${plot(series, frame)}<table><tr><th></th><th>last</th><th>max</th></tr>${rows.join('')}${more}</table>`;
}

/** From when to when an edge drained, as the annotation of the dashboard asks for it. */
async function drainsOf({ annotations }, prometheus, { start, end, interval }) {
  const { expr } = annotations.list.find(({ name }) => name === 'Drains');
  const series = await prometheus.queryRange(substitute(expr, { interval }), start, end, 1);
  return series.map(({ values }) => [values[0][0], values.at(-1)[0]]);
}

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

const style = `
body{margin:16px;background:#111217;color:#ccccdc;font:12px Inter,"DejaVu Sans",sans-serif;width:${24 * column}px}
header p{margin:2px 0 8px;color:#9fa7b3}h1{font-size:19px;margin:0}
.variables span{background:#181b1f;border:1px solid #2c3235;padding:3px 8px;margin-right:6px;display:inline-block}
main{position:relative}h2,section{position:absolute;box-sizing:border-box;margin:0}
h2{font-size:13px;font-weight:600;padding-top:6px}
section{background:#181b1f;border:1px solid #2c3235;padding:7px}h3{font-size:12.5px;font-weight:600;margin:0 0 4px}
svg text{fill:#9fa7b3;font-size:10px}table{border-collapse:collapse;width:100%;font-size:10.5px;line-height:14px}
td,th{padding:0 4px;text-align:right;font-weight:400;white-space:nowrap}td:first-child{text-align:left;width:100%}th{color:#6e9fff}
i{display:inline-block;width:10px;height:3px;margin:0 6px 3px 2px}
.stat{font-size:27px;text-align:center;margin:14px 0;font-weight:600}.none{color:#6c7480;text-align:center;margin-top:60px}`;
