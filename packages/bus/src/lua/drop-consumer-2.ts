import { redisScript } from './redis-script.js';

/**
 * Removes a consumer whose lease has ended, but only with nothing pending: XGROUP DELCONSUMER forgets pending entries
 * together with their consumer, and nobody would ever deliver them again.
 *
 * KEYS[1] frame stream · KEYS[2] lease of the consumer
 * ARGV[1] group · ARGV[2] consumer
 * Output: 1 where it was removed
 */
export const dropConsumer = redisScript(`
if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
if #redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2]) > 0 then return 0 end
redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
return 1
`);
