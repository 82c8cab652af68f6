import { redisScript } from './redis-script.js';

/**
 * Puts dead letters back on the frame stream and removes them, in one step.
 *
 * KEYS[1] dead-letter stream · KEYS[2] frame stream
 * ARGV[1] field of the batch · ARGV[2…] ids of dead letters
 * Output: how many were there
 */
export const redrive = redisScript(`
local moved = 0
for i = 2, #ARGV do
  local entry = redis.call('XRANGE', KEYS[1], ARGV[i], ARGV[i])[1]
  if entry then
    for f = 1, #entry[2], 2 do
      if entry[2][f] == ARGV[1] then
        redis.call('XADD', KEYS[2], '*', ARGV[1], entry[2][f + 1])
        redis.call('XDEL', KEYS[1], ARGV[i])
        moved = moved + 1
      end
    end
  end
end
return moved
`);
