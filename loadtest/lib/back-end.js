import { sleep } from 'k6';
import http from 'k6/http';
import { metrics } from './metrics.js';

const params = { tags: { name: 'back-end' }, timeout: '10s', responseCallback: http.expectedStatuses(200) };
const pollSeconds = 0.5;

/** Which of these message ids the back end has; undefined where there is none to ask, or it does not answer. */
export async function seenByBackEnd({ backEndUrl }, ids) {
  if (backEndUrl === undefined || ids.length === 0) return undefined;
  const response = await http.asyncRequest('POST', `${backEndUrl}/seen`, JSON.stringify({ ids }), params);
  if (response.status !== 200) return undefined;
  return new Set(response.json().seen);
}

/** Stops the run before it starts where the back end that shall check the counts is not there. */
export function requireBackEnd({ backEndUrl }) {
  if (backEndUrl === undefined) return;
  const { status, error } = http.get(`${backEndUrl}/livez`, params);
  if (status !== 200) {
    throw new Error(
      `BACK_END_URL is ${backEndUrl}, and there is no back end: ${error || status}. Start it with: node loadtest/back-end/server.mjs`,
    );
  }
}

/**
 * Waits until every connection of the run has had its $disconnect, and counts those that had. The back end may know more connections than were opened: a
 * handshake that was answered 503 because Redis did not confirm in time may have been delivered all the same, and has no $disconnect.
 */
export function countDisconnects({ backEndUrl, runId, graceMs }) {
  if (backEndUrl === undefined) return undefined;
  const deadline = Date.now() + graceMs + 10_000;
  for (;;) {
    const response = http.get(`${backEndUrl}/stats?run=${runId}`, params);
    const stats = response.status === 200 ? response.json() : undefined;
    if (stats?.connected === 0 || Date.now() > deadline) {
      for (let i = 0; i < (stats?.disconnects ?? 0); i++) metrics.disconnects.add(true);
      return stats;
    }
    sleep(pollSeconds);
  }
}
