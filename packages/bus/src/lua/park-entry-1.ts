import { redisScript } from './redis-script.js';

/**
 * Gives an entry that its reader is too old for to a consumer that nobody is, where a reader that is new enough finds it. The
 * delivery counts as none: nobody has worked on it. Of an entry that a peer has taken over meanwhile nothing is changed.
 *
 * KEYS[1] frame stream
 * ARGV[1] group · ARGV[2] who has read it · ARGV[3] consumer that stands for the version · ARGV[4] entry id
 * Output: 1 where it was moved
 */
export const parkEntry = redisScript(`
local row = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[4], ARGV[4], 1, ARGV[2])[1]
if not row then return 0 end
local count = math.max(0, row[4] - 1)
redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[3], 0, ARGV[4], 'RETRYCOUNT', count, 'JUSTID')
return 1
`);
