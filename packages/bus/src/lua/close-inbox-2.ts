import { redisScript } from './redis-script.js';

/**
 * Removes an inbox, provided that it is this owner's.
 *
 * KEYS[1] inbox stream · KEYS[2] owner
 * ARGV[1] token of the owner
 * Output: 1 where it was removed
 */
export const closeInbox = redisScript(`
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1], KEYS[2])
return 1
`);
