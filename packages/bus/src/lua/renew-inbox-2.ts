import { redisScript } from './redis-script.js';

/**
 * Renews the lease of an inbox, provided that it is still there and still this owner's.
 *
 * KEYS[1] inbox stream · KEYS[2] owner
 * ARGV[1] token of the owner · ARGV[2] lease ms
 * Output: 1 where it was renewed, 0 where the inbox is lost
 */
export const renewInbox = redisScript(`
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
if redis.call('TYPE', KEYS[1]).ok ~= 'stream' then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 1
`);
