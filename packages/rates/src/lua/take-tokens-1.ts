import { limits } from '@sluice/contracts';
import { redisScript } from './redis-script.js';

/**
 * Takes tokens of a bucket by the server's clock, as many as there are of those wanted.
 *
 * KEYS[1] bucket: hash of `tokens` and `at` (µs since the epoch); an absent one is full
 * ARGV[1] rate per second, over 0 · ARGV[2] burst · ARGV[3] tokens wanted
 * Output: tokens granted, µs until the next one can be had (0 where all wanted were granted), tokens left
 *
 * A clock that steps back refills nothing for the step and goes on from there. Numbers are written with 17 digits, because
 * Lua's own 14 would lose part of a second.
 */
export const takeTokens = redisScript(`
local rate, burst, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = burst
if bucket[1] then
  local elapsed = math.max(0, now - tonumber(bucket[2]))
  tokens = math.min(burst, tonumber(bucket[1]) + elapsed * rate / 1000000)
end
local granted = math.max(0, math.min(wanted, math.floor(tokens)))
tokens = tokens - granted
redis.call('HSET', KEYS[1], 'tokens', string.format('%.17g', tokens), 'at', string.format('%.0f', now))
local full = math.min(${limits.rateBucketIdleMsMax}, (burst - tokens) / rate * 1000 + 1000)
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil(full)))
local wait = 0
if granted < wanted then wait = math.min(1e12, math.ceil((1 - tokens) * 1000000 / rate)) end
return {granted, wait, math.floor(tokens)}
`);
