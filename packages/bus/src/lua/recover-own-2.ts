import { redisScript } from './redis-script.js';

/**
 * Reads entries again that this consumer was given but never saw, because the connection broke under the answer. Their
 * delivery count stays as it is: nobody has worked on them.
 *
 * KEYS[1] frame stream · KEYS[2] progress hash
 * ARGV[1] group · ARGV[2] consumer · ARGV[3…] entry ids
 * Output: { id, delivery count, body or '' where it is gone, progress or '' } for each
 */
export const recoverOwn = redisScript(`
local recovered = {}
for i = 3, #ARGV do
  local row = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[i], ARGV[i], 1, ARGV[2])[1]
  if row then
    local entry = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[i], 'RETRYCOUNT', row[4])[1]
    local body = ''
    if entry and entry[2] and entry[2][2] then
      body = entry[2][2]
    else
      redis.call('XACK', KEYS[1], ARGV[1], ARGV[i])
    end
    local progress = redis.call('HGET', KEYS[2], ARGV[i]) or ''
    recovered[#recovered + 1] = { ARGV[i], row[4], body, progress }
  end
end
return recovered
`);
