import { limits } from '@sluice/contracts';
import { redisScript } from './redis-script.js';

/**
 * Counts requests against a quota by the server's clock, as many as the period still allows.
 *
 * KEYS[1] quota: hash of `period` (its number), `count`, `first` (number of the period it was first counted in)
 * ARGV[1] limit · ARGV[2] offset · ARGV[3] DAY, WEEK or MONTH · ARGV[4] requests that must be counted now
 * ARGV[5] requests to reserve ahead · ARGV[6] share of what is left that may be reserved ahead
 * ARGV[7] to add to the count whatever the limit says: granted while Redis was away, or negative: given back
 * ARGV[8] the period's number that ARGV[7] belongs to; of another period it is dropped
 * Output: requests granted, count after it, number of the period, ms until it ends
 */
export const countRequests = redisScript(`
local limit, offset, needed, ahead = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[4]), tonumber(ARGV[5])
local time = redis.call('TIME')
local seconds = tonumber(time[1])
local day = math.floor(seconds / 86400)
local period, endDay
if ARGV[3] == 'DAY' then
  period, endDay = day, day + 1
elseif ARGV[3] == 'WEEK' then
  period = math.floor((day + 4) / 7)
  endDay = (period + 1) * 7 - 4
else
  -- Civil date of a day number, in years that begin in March, so that the leap day is the last of its year.
  local shifted = day + 719468
  local era = math.floor(shifted / 146097)
  local dayOfEra = shifted - era * 146097
  local yearOfEra = math.floor((dayOfEra - math.floor(dayOfEra / 1460) + math.floor(dayOfEra / 36524) - math.floor(dayOfEra / 146096)) / 365)
  local yearStart = 365 * yearOfEra + math.floor(yearOfEra / 4) - math.floor(yearOfEra / 100)
  local month = math.floor((5 * (dayOfEra - yearStart) + 2) / 153)
  period = (era * 400 + yearOfEra) * 12 + month + 2
  local nextStart = math.floor((153 * (month + 1) + 2) / 5)
  if month == 11 then
    local nextYear = era * 400 + yearOfEra + 1
    local leap = (nextYear % 4 == 0 and nextYear % 100 ~= 0) or nextYear % 400 == 0
    nextStart = leap and 366 or 365
  end
  endDay = day - (dayOfEra - yearStart) + nextStart
end
local state = redis.call('HMGET', KEYS[1], 'period', 'count', 'first')
local first = state[3] and tonumber(state[3]) or period
local count = state[2] and tonumber(state[2]) or 0
if not state[1] or tonumber(state[1]) ~= period then
  count = 0
  if first == period and not state[3] then count = offset end
end
if tonumber(ARGV[8]) == period then count = math.max(0, count + tonumber(ARGV[7])) end
local left = math.max(0, limit - count)
local granted = math.min(needed, left)
granted = granted + math.min(ahead, math.floor((left - granted) * tonumber(ARGV[6])))
count = count + granted
local whole = function(number) return string.format('%.0f', number) end
redis.call('HSET', KEYS[1], 'period', whole(period), 'count', whole(count), 'first', whole(first))
local endsIn = endDay * 86400000 - seconds * 1000 - math.floor(time[2] / 1000)
local kept = endsIn
if offset > 0 then kept = math.max(kept, ${limits.quotaFirstPeriodMs}) end
redis.call('PEXPIRE', KEYS[1], whole(kept))
return {granted, count, period, endsIn}
`);
