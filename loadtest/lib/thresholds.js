import { closeCodes } from './close-codes.js';

/** Counts that have to stay 0: the run is broken off as soon as one moves. */
const correctness = ['lost', 'duplicated', 'unknown_frames', 'abnormal_closes', 'handshakes_failed'];

/**
 * The thresholds of a run: on correctness they abort, on latency they fail at the end. `scenario.mustBeZero` names further counts;
 * `scenario.mayMove` takes some away, where the scenario brings them about by itself.
 */
export function thresholdsOf(settings, scenario) {
  const thresholds = {};
  const mayMove = scenario.mayMove ?? [];
  const zero = [
    ...correctness,
    ...(scenario.mustBeZero?.(settings) ?? []),
    ...(settings.route === 'ordered' ? ['out_of_order'] : []),
  ];
  for (const metric of zero.filter((each) => !mayMove.includes(each))) {
    thresholds[metric] = [{ threshold: 'count==0', abortOnFail: true }];
  }
  // Judged at the end: what has to happen at all, that nobody is missing in the counts, and that the load was what it was to be.
  thresholds['clients_accounted'] = ['rate>=0.5'];
  if (settings.backEndUrl !== undefined) thresholds['disconnects_accounted'] = ['rate>=0.5'];
  thresholds['dropped_iterations'] = ['count==0'];
  if (!scenario.isDisturbed)
    for (const metric of ['messages_skipped', 'messages_refused']) thresholds[metric] = ['count==0'];
  for (const metric of ['connections_opened', ...(scenario.mustMove ?? [])]) thresholds[metric] = ['count>0'];
  if (scenario.latency !== undefined) thresholds[scenario.latency] = [`p(99)<${settings.p99Ms}`];
  // k6 keeps the count of a tag only where a threshold asks for it; these always hold.
  for (const code of closeCodes) thresholds[`closes{code:${code}}`] = ['count>=0'];
  return thresholds;
}
