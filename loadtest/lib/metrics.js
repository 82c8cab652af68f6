import { Counter, Rate, Trend } from 'k6/metrics';

/** Times in ms from the moment something was due, not from when it was sent. */
const trends = {
  rtt: new Trend('rtt_ms', true),
  delivery: new Trend('delivery_ms', true),
  fanOut: new Trend('fan_out_ms', true),
  connect: new Trend('connect_ms', true),
  reconnect: new Trend('reconnect_ms', true),
  generatorLag: new Trend('generator_lag_ms', true),
};

const counters = {
  sent: new Counter('messages_sent'),
  answered: new Counter('messages_answered'),
  refused: new Counter('messages_refused'),
  cut: new Counter('messages_cut'),
  skipped: new Counter('messages_skipped'),
  lost: new Counter('lost'),
  duplicated: new Counter('duplicated'),
  outOfOrder: new Counter('out_of_order'),
  unknown: new Counter('unknown_frames'),

  opened: new Counter('connections_opened'),
  handshakesRetried: new Counter('handshakes_retried'),
  handshakesFailed: new Counter('handshakes_failed'),
  closes: new Counter('closes'),
  abnormalCloses: new Counter('abnormal_closes'),

  posts: new Counter('posts'),
  postsFailed: new Counter('posts_failed'),
  postsThrottled: new Counter('posts_throttled'),
  falseGone: new Counter('false_410'),
  falseOk: new Counter('false_200'),
  slowClosed: new Counter('slow_consumers_closed'),
};

/**
 * Two kinds of thing that have to be equally many: a sample that is false for each of the first, and one that is true for each of the second.
 * A rate of 0.5 says so, which a threshold can ask for.
 */
const balances = {
  /** Clients that begin, clients whose account is closed: k6 may have broken some off, and what they had sent is in no count. */
  accounted: new Rate('clients_accounted'),
  /** Connections that were opened, $disconnects that the back end has had of them. */
  disconnects: new Rate('disconnects_accounted'),
};

/** The load tests' own metrics; README.md says what each means. */
export const metrics = { ...trends, ...counters, ...balances };

/** A count that never moved is no sample at all to k6, and would be missing from the summary. */
export function showAllCounters() {
  for (const counter of Object.values(counters)) counter.add(0);
}

/** The end of a connection; `expected` codes are those that the scenario may see. */
export function countClose(code, expected) {
  metrics.closes.add(1, { code: String(code) });
  if (!expected.includes(code)) metrics.abnormalCloses.add(1, { code: String(code) });
}
