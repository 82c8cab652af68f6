// Panels of Grafana, as plain objects. Every panel names its unit and says what it shows.

const datasource = { type: 'prometheus', uid: '${datasource}' };

const target = ([expr, legendFormat = ''], index, instant) => ({
  datasource,
  editorMode: 'code',
  expr,
  legendFormat: legendFormat === '' ? '__auto' : legendFormat,
  range: !instant,
  instant,
  refId: String.fromCharCode(65 + index),
});

/**
 * @param {string} title
 * @param {{ unit: string, description: string, queries: [expr: string, legend?: string][] }} given
 *   and, where wanted: `width` (of 24), `stack`, `max`, `min`, `steps` (thresholds, `[[value, colour]]`), `quiet` (why it may rightly have no data)
 */
export function timeseries(title, given) {
  const { queries, stack = false, steps, quiet } = given;
  return {
    ...base(title, 'timeseries', given),
    ...(quiet === undefined ? {} : { quiet }),
    fieldConfig: {
      defaults: {
        ...field(given),
        color: { mode: 'palette-classic' },
        custom: {
          drawStyle: 'line',
          lineInterpolation: 'linear',
          lineWidth: 1,
          fillOpacity: stack ? 30 : 8,
          showPoints: 'never',
          spanNulls: false,
          stacking: { mode: stack ? 'normal' : 'none', group: 'A' },
          thresholdsStyle: { mode: steps === undefined ? 'off' : 'line' },
        },
      },
      overrides: [],
    },
    options: {
      legend: { displayMode: 'table', placement: 'bottom', showLegend: true, calcs: ['lastNotNull', 'max'] },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
    targets: queries.map((query, index) => target(query, index, false)),
  };
}

/** One number, of now or of the chosen range of time. */
export function stat(title, given) {
  const { queries, quiet } = given;
  return {
    ...base(title, 'stat', { width: 4, height: 4, ...given }),
    ...(quiet === undefined ? {} : { quiet }),
    fieldConfig: { defaults: { ...field(given), color: { mode: 'thresholds' } }, overrides: [] },
    options: {
      colorMode: 'value',
      graphMode: 'none',
      justifyMode: 'auto',
      orientation: 'auto',
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      textMode: 'auto',
      wideLayout: true,
    },
    targets: queries.map((query, index) => target(query, index, true)),
  };
}

export const row = (title) => ({ type: 'row', title, collapsed: false, panels: [] });

const base = (title, type, { description, width = 8, height = 8 }) => ({
  type,
  title,
  description,
  datasource,
  gridPos: { w: width, h: height },
});

function field({ unit, min, max, steps = [] }) {
  return {
    unit,
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    mappings: [],
    thresholds: {
      mode: 'absolute',
      steps: [{ color: 'green', value: null }, ...steps.map(([value, color]) => ({ color, value }))],
    },
  };
}

/** Puts panels into lines of 24 columns, in their order; a row begins a line of its own. */
export function layOut(panels) {
  let [x, y, lineHeight] = [0, 0, 0];
  return panels.map((panel, index) => {
    const { w, h } = panel.type === 'row' ? { w: 24, h: 1 } : panel.gridPos;
    if (x + w > 24 || panel.type === 'row') {
      y += lineHeight;
      [x, lineHeight] = [0, 0];
    }
    const placed = { id: index + 1, ...panel, gridPos: { x, y, w, h } };
    x += w;
    lineHeight = Math.max(lineHeight, h);
    return placed;
  });
}
