import { redisScript } from './redis-script.js';

/**
 * What the gauges of a shard show, and whether entries are lost that no router has ever read. Entries are deleted when
 * acknowledged, so the first one is the oldest unacknowledged.
 *
 * Redis counts what was added and what the group has read; the rest must be in the stream beside what is pending. What is not
 * there was trimmed or deleted by somebody else. The counters keep that difference for good, so a key remembers how much of it
 * has been reported, and one member of the group reports it. Pending ids without a body are reported when they are claimed;
 * they are looked for only where there is a difference to explain.
 *
 * KEYS[1] frame stream · KEYS[2] dead-letter stream · KEYS[3] unread entries already reported as lost
 * ARGV[1] group · ARGV[2] pending ids looked at at most
 * Output: length · lag, or -1 where Redis cannot tell · pending · id of the first entry or '' · dead letters · server time in
 * ms · unread entries newly found lost · memory used and maxmemory of this server in bytes, each '' where it does not tell
 */
export const shardState = redisScript(`
local function fieldsOf(reply)
  local fields = {}
  for i = 1, #reply, 2 do fields[reply[i]] = reply[i + 1] end
  return fields
end
local stream, group = {}, {}
local info = redis.pcall('XINFO', 'STREAM', KEYS[1])
if not info.err then
  stream = fieldsOf(info)
  for _, each in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    local fields = fieldsOf(each)
    if fields['name'] == ARGV[1] then group = fields end
  end
end
local length, pending = stream['length'] or 0, group['pending'] or 0

local function missingBodies()
  local missing = 0
  for _, row in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', ARGV[2])) do
    if #redis.call('XRANGE', KEYS[1], row[1], row[1]) == 0 then missing = missing + 1 end
  end
  return missing
end
local lost = 0
local read = group['entries-read']
if read and stream['entries-added'] then
  local reported = tonumber(redis.call('GET', KEYS[3])) or 0
  local absent = (stream['entries-added'] - read) - (length - pending)
  if absent > reported and pending <= tonumber(ARGV[2]) then
    absent = absent - missingBodies()
    if absent > reported then
      lost = absent - reported
      redis.call('SET', KEYS[3], absent)
    end
  elseif absent < reported then
    -- The stream was made anew, or the group's place in it was set by hand.
    if absent > 0 then redis.call('SET', KEYS[3], absent) else redis.call('DEL', KEYS[3]) end
  end
end

-- A user of Redis that may not ask for INFO still sees its streams.
local memory = redis.pcall('INFO', 'memory')
local function memoryOf(name)
  return type(memory) == 'string' and memory:match('\\n' .. name .. ':(%d+)') or ''
end

local first = stream['first-entry']
local time = redis.call('TIME')
return {
  length, group['lag'] or -1, pending, first and first[1] or '', redis.call('XLEN', KEYS[2]),
  string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)), lost,
  memoryOf('used_memory'), memoryOf('maxmemory')
}
`);
