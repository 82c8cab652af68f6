import { redisScript } from './redis-script.js';

/**
 * Takes over pending entries in one step, so that of several peers exactly one wins each of them.
 * All entries of the consumer where its lease has ended; while it lives, those that have not moved for the idle time.
 *
 * KEYS[1] frame stream · KEYS[2] progress hash · KEYS[3] lease of the consumer
 * ARGV[1] group · ARGV[2] claimant · ARGV[3] consumer · ARGV[4] idle ms · ARGV[5] at most so many
 * Output: { id, delivery count, body or '' where it is gone, progress or '' } for each
 */
export const claimPending = redisScript(`
local pending
if redis.call('EXISTS', KEYS[3]) == 1 then
  pending = redis.call('XPENDING', KEYS[1], ARGV[1], 'IDLE', ARGV[4], '-', '+', ARGV[5], ARGV[3])
else
  pending = redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', ARGV[5], ARGV[3])
end
local claimed = {}
for _, row in ipairs(pending) do
  local entry = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, row[1])[1]
  local body = ''
  if entry and entry[2] and entry[2][2] then
    body = entry[2][2]
  else
    redis.call('XACK', KEYS[1], ARGV[1], row[1])
  end
  local progress = redis.call('HGET', KEYS[2], row[1]) or ''
  claimed[#claimed + 1] = { row[1], row[4] + 1, body, progress }
end
return claimed
`);
