import { layOut } from './panels.mjs';
import { offered } from './queries.mjs';

const datasource = { type: 'prometheus', uid: '${datasource}' };
const everything = { text: ['All'], value: ['$__all'] };

/** A variable that offers the values of a label, several of them or all. */
const labelVariable = (name, label, query, description) => ({
  type: 'query',
  name,
  label,
  description,
  datasource,
  definition: query,
  query: { query, refId: 'PrometheusVariableQueryEditor-VariableQuery', qryType: 1 },
  multi: true,
  includeAll: true,
  // Also what lacks the label, so that a Prometheus without relabelling shows something.
  allValue: '.*',
  current: everything,
  options: [],
  refresh: 2,
  regex: '',
  sort: 1,
  hide: 0,
  skipUrlSync: false,
});

const variables = [
  {
    type: 'datasource',
    name: 'datasource',
    label: 'Data source',
    description: 'The Prometheus that scrapes Sluice.',
    query: 'prometheus',
    current: {},
    options: [],
    multi: false,
    includeAll: false,
    refresh: 1,
    regex: '',
    hide: 0,
    skipUrlSync: false,
  },
  labelVariable('namespace', 'Namespace', 'label_values(sluice_build_info, namespace)', 'Kubernetes namespace.'),
  labelVariable(
    'release',
    'Release',
    'label_values(sluice_build_info{namespace=~"$namespace"}, release)',
    'Helm release.',
  ),
  labelVariable(
    'pod',
    'Pod',
    'label_values(sluice_build_info{namespace=~"$namespace",release=~"$release"}, pod)',
    'One process.',
  ),
  labelVariable('api', 'API', 'label_values(sluice_sockets{namespace=~"$namespace"}, api)', 'The API as configured.'),
  labelVariable(
    'stage',
    'Stage',
    'label_values(sluice_sockets{namespace=~"$namespace",api=~"$api"}, stage)',
    'Its stage.',
  ),
  {
    type: 'custom',
    name: 'quantile',
    label: 'Percentile',
    description: 'Which percentiles the latency panels show.',
    query: offered.join(','),
    multi: true,
    includeAll: true,
    allValue: '.*',
    current: everything,
    options: [
      { text: 'All', value: '$__all', selected: true },
      ...offered.map((value) => ({ text: String(value), value: String(value), selected: false })),
    ],
    hide: 0,
    skipUrlSync: false,
  },
];

const annotations = {
  list: [
    {
      builtIn: 1,
      datasource: { type: 'grafana', uid: '-- Grafana --' },
      enable: true,
      hide: true,
      iconColor: 'rgba(0, 211, 255, 1)',
      name: 'Annotations & Alerts',
      type: 'dashboard',
    },
    {
      datasource,
      enable: true,
      expr: 'max by (pod, instance) (sluice_drain_state{namespace=~"$namespace",release=~"$release",pod=~"$pod"}) == 2',
      iconColor: 'orange',
      name: 'Drains',
      step: '15s',
      tagKeys: 'pod,instance',
      textFormat: 'An edge drains',
      titleFormat: 'Drain',
      useValueForTime: false,
    },
  ],
};

/** The whole JSON of a dashboard, as Grafana would export it. */
export function dashboard({ uid, title, description, panels }) {
  return {
    uid,
    title: `Sluice / ${title}`,
    description,
    tags: ['sluice'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    fiscalYearStartMonth: 0,
    liveNow: false,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    timepicker: {},
    timezone: 'browser',
    weekStart: '',
    id: null,
    links: [
      {
        type: 'dashboards',
        title: 'Sluice',
        tags: ['sluice'],
        asDropdown: true,
        includeVars: true,
        keepTime: true,
        targetBlank: false,
        icon: 'external link',
        tooltip: '',
        url: '',
      },
    ],
    annotations,
    templating: { list: variables },
    panels: layOut(panels).map(({ quiet: _, ...panel }) => panel),
  };
}
