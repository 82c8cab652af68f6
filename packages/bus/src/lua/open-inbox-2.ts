import { redisScript } from './redis-script.js';

/**
 * Makes an inbox, empty, whoever had it before. The stream exists from here on without an entry, because writers send with
 * NOMKSTREAM and take a missing stream for a dead owner.
 *
 * KEYS[1] inbox stream · KEYS[2] owner
 * ARGV[1] token of the owner · ARGV[2] lease ms
 * Output: id after which to read
 */
export const openInbox = redisScript(`
redis.call('DEL', KEYS[1])
local id = redis.call('XADD', KEYS[1], '*', 'opened', ARGV[1])
redis.call('XDEL', KEYS[1], id)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return id
`);
