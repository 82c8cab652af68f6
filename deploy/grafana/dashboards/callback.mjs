import { row, timeseries } from '../panels.mjs';
import { ofApis, ofPods, percentile, percentiles, rate, share, sumBy } from '../queries.mjs';

const perSecond = (codes) =>
  sumBy('', `rate(sluice_management_requests_total{${ofPods},code=~"${codes}"}[$__rate_interval])`);

export const callback = {
  uid: 'sluice-callback',
  title: 'Callback',
  description: 'Calls of @connections, on callback services and on edges.',
  panels: [
    row('@connections'),
    timeseries('Requests by operation', {
      unit: 'reqps',
      stack: true,
      description: 'POST sends, GET asks, DELETE closes.',
      queries: [[rate('sluice_management_requests_total', 'kind'), '{{kind}}']],
    }),
    timeseries('Requests by status', {
      unit: 'reqps',
      stack: true,
      description: '410: no such connection any more. 429: rate, or the client does not read.',
      queries: [[rate('sluice_management_requests_total', 'code'), '{{code}}']],
    }),
    timeseries('Truthful answers', {
      unit: 'percentunit',
      max: 1,
      description: '200 and 410 against 5xx (objective S3).',
      queries: [[share(perSecond('2..|410'), perSecond('2..|410|5..')), 'share']],
    }),
    timeseries('Request to answer', {
      unit: 's',
      description: 'What the caller waits for.',
      queries: [[percentiles('sluice_management_seconds'), 'p{{quantile}}']],
    }),
    timeseries('Request to answer, p99 by operation', {
      unit: 's',
      description: 'A POST waits for the edge to have written to the socket.',
      queries: [[percentile(0.99, 'sluice_management_seconds', 'kind'), '{{kind}}']],
    }),
    timeseries('Request to bytes on the socket', {
      unit: 's',
      steps: [[0.025, 'orange']],
      description: 'Objective S5: p99 at most 25 ms in one zone.',
      queries: [[percentiles('sluice_delivery_seconds'), 'p{{quantile}}']],
    }),
    row('Refused'),
    timeseries('Signatures', {
      unit: 'reqps',
      stack: true,
      description: 'Requests whose signature was refused, by reason.',
      quiet: 'every signature was good',
      queries: [[rate('sluice_signature_failures_total', 'reason'), '{{reason}}']],
    }),
    timeseries('Rates', {
      unit: 'reqps',
      stack: true,
      description: 'Calls refused by the rate of the account, and for a client that does not read.',
      quiet: 'no rate was reached',
      queries: [
        [
          rate('sluice_throttled_total', 'api, reason', `${ofApis},reason=~"account|slow_consumer"`),
          '{{api}} {{reason}}',
        ],
      ],
    }),
    timeseries('Event loop delay, p99', {
      unit: 's',
      steps: [[0.2, 'red']],
      description: 'How late a process does its work.',
      queries: [[percentile(0.99, 'sluice_event_loop_lag_seconds', 'pod, instance'), '{{pod}}']],
    }),
  ],
};
