import assert from 'node:assert/strict';
import { waitFor } from '@sluice/testkit';
import type { Event } from './back-end/back-end.js';
import type { Target } from './target.js';

/** Every line that has come in, of whichever stage. A line that is no JSON stands in `message`. */
function lines(target: Target): Event[] {
  return target.backEnd.calls
    .filter(({ name }) => name === '/http/access-log')
    .flatMap(({ body }) => body.split('\n').filter((line) => line !== ''))
    .map((line) => JSON.parse(line));
}

/** The one line that fits; another one must not come. */
export async function lineOf(target: Target, what: string, fits: (line: Event) => boolean): Promise<Event> {
  await waitFor(`the line of ${what}`, () => lines(target).find(fits));
  await new Promise((resolve) => setTimeout(resolve, 300));
  const found = lines(target).filter(fits);
  assert.equal(found.length, 1, `${found.length} lines tell of ${what}`);
  return found[0];
}
