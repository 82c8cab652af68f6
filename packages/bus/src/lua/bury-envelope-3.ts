import { redisScript } from './redis-script.js';

/**
 * Puts a dead letter into the dead-letter stream and, in the same step, marks its envelope as settled, or acknowledges and
 * deletes its entry where the whole of it is dead.
 *
 * KEYS[1] frame stream · KEYS[2] dead-letter stream · KEYS[3] progress hash
 * ARGV[1] group · ARGV[2] entry id · ARGV[3] bitmap of settled envelopes with this one, '' to acknowledge the entry
 * ARGV[4] most dead letters kept · ARGV[5…] fields and values of the dead letter
 * Output: how many old dead letters the cap dropped
 */
export const buryEnvelope = redisScript(`
redis.call('XADD', KEYS[2], '*', unpack(ARGV, 5))
local dropped = redis.call('XTRIM', KEYS[2], 'MAXLEN', ARGV[4])
if ARGV[3] == '' then
  redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
  redis.call('XDEL', KEYS[1], ARGV[2])
  redis.call('HDEL', KEYS[3], ARGV[2])
else
  redis.call('HSET', KEYS[3], ARGV[2], ARGV[3])
end
return dropped
`);
