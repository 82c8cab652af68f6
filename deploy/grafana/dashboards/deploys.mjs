import { timeseries as panel, row } from '../panels.mjs';
import { increase, ofPods, ofStages, rate, sum } from '../queries.mjs';

// Four in a line.
const timeseries = (title, given) => panel(title, { width: 6, ...given });

export const deploys = {
  uid: 'sluice-deploys',
  title: 'Deploys and drains',
  description: 'What a rollout does to connections. Orange marks are drains.',
  panels: [
    row('Processes'),
    timeseries('Processes by version', {
      width: 8,
      unit: 'short',
      min: 0,
      stack: true,
      description: 'Two versions at once is a rollout.',
      queries: [[`count by (role, version) (sluice_build_info{${ofPods}})`, '{{role}} {{version}}']],
    }),
    timeseries('Age of each process', {
      width: 8,
      unit: 's',
      min: 0,
      description: 'A fall to 0 is a restart.',
      queries: [[`time() - process_start_time_seconds{${ofPods}}`, '{{pod}}']],
    }),
    timeseries('Entries of a newer version', {
      width: 8,
      unit: 'short',
      min: 0,
      description: 'Stream entries that an old router left to a new one during a rollout.',
      quiet: 'every process has the same version',
      queries: [[increase('sluice_stream_newer_total', 'shard'), 'shard {{shard}}']],
    }),
    timeseries('Configuration: since when a newer one waits', {
      width: 12,
      unit: 's',
      min: 0,
      steps: [[300, 'red']],
      description: '0 while the newest content of the file is in force.',
      queries: [[sum('sluice_config_age_seconds', 'pod, instance'), '{{pod}}']],
    }),
    timeseries('Configuration: taken over', {
      width: 12,
      unit: 'short',
      description: 'Reloads by result; refused ones leave what ran.',
      quiet: 'the file did not change',
      queries: [[increase('sluice_config_reloads_total', 'result'), '{{result}}']],
    }),
    row('Drains'),
    timeseries('State', {
      unit: 'short',
      min: 0,
      max: 3,
      description: '0 starting, 1 ready, 2 draining, 3 closed. Edges only.',
      queries: [[`sluice_drain_state{${ofPods}} > 0`, '{{pod}}']],
    }),
    timeseries('Sockets still to close', {
      unit: 'short',
      min: 0,
      description: 'Of an edge that drains: a steady fall over its window.',
      queries: [
        [
          `sluice_drain_remaining{${ofPods}} and on (namespace, release, pod, instance) sluice_drain_state > 0`,
          '{{pod}}',
        ],
      ],
    }),
    timeseries('Drains', {
      unit: 'short',
      min: 0,
      description: 'Started ones. Their end is seen only by a scrape of the last moment.',
      queries: [[sum('sluice_drains_total', 'result'), '{{result}}']],
    }),
    timeseries('Sockets by pod', {
      unit: 'short',
      min: 0,
      stack: true,
      description: 'Connections move to the other edges.',
      queries: [[sum('sluice_sockets', 'pod, instance', ofStages), '{{pod}}']],
    }),
    row('What clients see'),
    timeseries('Closes', {
      unit: 'cps',
      stack: true,
      description: '1001 is the drain; 1006 must not appear in a rollout.',
      queries: [[rate('sluice_closes_total', 'code', ofStages), '{{code}}']],
    }),
    timeseries('Handshakes', {
      unit: 'reqps',
      stack: true,
      description: 'Clients come back: accepted, or turned away for a moment.',
      queries: [[rate('sluice_handshakes_total', 'result', ofPods), '{{result}}']],
    }),
    timeseries('Dead nodes', {
      unit: 'short',
      min: 0,
      description: 'Connections whose $disconnect a survivor sent, and edges that found themselves taken over.',
      queries: [
        [increase('sluice_reaped_connections_total'), '$disconnect by a survivor'],
        [increase('sluice_fences_total'), 'edges fenced'],
      ],
    }),
    timeseries('Entries taken over from other routers', {
      unit: 'short',
      min: 0,
      description: 'A router that ends in order gives its entries back; one that dies leaves them to others.',
      quiet: 'no router died',
      queries: [[increase('sluice_stream_reclaimed_total', 'reason'), '{{reason}}']],
    }),
  ],
};
