import { stayingExecutor } from '../lib/timeline.js';
import { runPosts } from './management-post.js';

/** Every so many-th client reads through the slow link. */
const slowEvery = 10;

export const slowConsumer = {
  name: 'slow-consumer',
  does: 'every tenth client reads through a slow link while all are posted to: it is throttled (429) and closed (1008), the others notice nothing',
  defaults: { connections: 50, rate: 200 },
  needs: ['slowEdgeUrl'],
  // A slow client that is closed is posted to no more.
  isDisturbed: true,
  // Closes of slow clients are what is wanted; that of a healthy one would show as false_410 or lost.
  mustBeZero: () => ['posts_failed', 'false_410', 'false_200', 'out_of_order'],
  mustMove: ['slow_consumers_closed'],
  per: 'post',
  latency: 'delivery_ms',
  executor: stayingExecutor,
  run: (work) =>
    runPosts(work, (index) =>
      index % slowEvery === 0
        ? { isSlow: true, url: work.settings.slowEdgeUrl, expectedCloses: [1000, 1001, 1006, 1008] }
        : {},
    ),
};
