import { appendFileSync } from 'node:fs';
import type { LoadResult } from '@sluice/loadtest';
import type { FleetReport } from './fleet.js';
import type { PostsReport } from './posts.js';

/** One line of the table that `npm run test:kubernetes` prints and the docs show. */
export interface Row {
  step: string;
  seconds: number;
  sent?: number;
  answered?: number;
  lost?: number;
  duplicated?: number;
  closes?: Record<string, number>;
  posts?: number;
  postsFailed?: number;
  note?: string;
}

/** Adds a line to the file that the script has named; without one, says it. */
export function addRow(row: Row): void {
  const file = process.env['SLUICE_TEST_RESULTS'];
  if (file === undefined) console.log(row);
  else appendFileSync(file, `${JSON.stringify(row)}\n`);
}

/** The clients of this process and those of k6 together. */
export function rowOf(
  step: string,
  seconds: number,
  fleet: FleetReport,
  posts: PostsReport,
  k6: LoadResult | undefined,
): Row {
  const postsFailed = Object.values(posts.failed).reduce((sum, count) => sum + count, 0);
  const cut = fleet.cutOff + fleet.unanswered + (k6?.messages.cut ?? 0);
  const retried = fleet.handshakesRefused + fleet.handshakesFailed + (k6?.handshakesRetried ?? 0);
  const refused = fleet.refused + (k6?.messages.refused ?? 0);
  const notes = [
    ...(cut > 0 ? [`${cut} messages under way at a close`] : []),
    ...(refused > 0 ? [`${refused} messages refused with an error frame`] : []),
    ...(posts.gone > 0 ? [`${posts.gone} posts truthfully 410`] : []),
    ...(retried > 0 ? [`${retried} handshakes tried again`] : []),
    ...(postsFailed > 0 ? [`failed posts: ${JSON.stringify(posts.failed)}`] : []),
    ...(posts.untruthful.length > 0 ? [`${posts.untruthful.length} posts answered untruthfully`] : []),
  ];
  return {
    step,
    seconds,
    sent: fleet.sent + (k6?.messages.sent ?? 0),
    answered: fleet.answered + (k6?.messages.answered ?? 0),
    lost: fleet.lost + (k6?.messages.lost ?? 0),
    duplicated: fleet.duplicated + (k6?.messages.duplicated ?? 0),
    closes: added(fleet.closes, k6?.closes ?? {}),
    posts: posts.posts,
    postsFailed,
    note: notes.join('; '),
  };
}

function added(one: Record<string, number>, other: Record<string, number>): Record<string, number> {
  const sum = { ...one };
  for (const [code, count] of Object.entries(other)) sum[code] = (sum[code] ?? 0) + count;
  return sum;
}
