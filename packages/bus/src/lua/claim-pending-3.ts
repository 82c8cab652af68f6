import { redisScript } from './redis-script.js';

/**
 * Takes over pending entries in one step, so that of several peers exactly one wins each of them.
 * With a consumer named: all of its entries, provided that its lease has ended. With none: entries of any other consumer
 * that have not moved for the idle time.
 *
 * KEYS[1] frame stream · KEYS[2] progress hash · KEYS[3] lease of the named consumer (unused where none is named)
 * ARGV[1] group · ARGV[2] claimant · ARGV[3] named consumer or '' · ARGV[4] idle ms · ARGV[5] at most so many
 * Output: { id, delivery count, body or '' where it is gone, progress or '' } for each
 */
export const claimPending = redisScript(`
local named = ARGV[3]
if named ~= '' and redis.call('EXISTS', KEYS[3]) == 1 then return {} end
local pending
if named ~= '' then
  pending = redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', ARGV[5], named)
else
  pending = redis.call('XPENDING', KEYS[1], ARGV[1], 'IDLE', ARGV[4], '-', '+', ARGV[5])
end
local claimed = {}
for _, row in ipairs(pending) do
  if row[2] ~= ARGV[2] then
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
end
return claimed
`);
