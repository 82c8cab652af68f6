import { redisScript } from './redis-script.js';

/**
 * What the gauges of a shard show. Entries are deleted when acknowledged, so the first one is the oldest unacknowledged.
 *
 * KEYS[1] frame stream · KEYS[2] dead-letter stream
 * ARGV[1] group
 * Output: length · lag, or -1 where Redis cannot tell · pending · id of the first entry or '' · dead letters · server time in ms
 */
export const shardState = redisScript(`
local lag, pending = -1, 0
local info = redis.pcall('XINFO', 'GROUPS', KEYS[1])
if not info.err then
  for _, group in ipairs(info) do
    local fields = {}
    for i = 1, #group, 2 do fields[group[i]] = group[i + 1] end
    if fields['name'] == ARGV[1] then
      pending = fields['pending']
      lag = fields['lag'] or -1
    end
  end
end
local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
local time = redis.call('TIME')
return {
  redis.call('XLEN', KEYS[1]), lag, pending, first and first[1] or '', redis.call('XLEN', KEYS[2]),
  string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
}
`);
