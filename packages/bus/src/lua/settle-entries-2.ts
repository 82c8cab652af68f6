import { redisScript } from './redis-script.js';

/**
 * Acknowledges finished entries and deletes them in one step: between an XACK and an XDEL a crash would leave an entry that
 * nobody ever deletes, the other way round one that looks like data loss.
 *
 * KEYS[1] frame stream · KEYS[2] progress hash
 * ARGV[1] group · ARGV[2…] entry ids
 * Output: how many of them were still pending
 */
export const settleEntries = redisScript(`
local acknowledged = redis.call('XACK', KEYS[1], unpack(ARGV))
redis.call('XDEL', KEYS[1], unpack(ARGV, 2))
redis.call('HDEL', KEYS[2], unpack(ARGV, 2))
return acknowledged
`);
