import { createHash } from 'node:crypto';
import type { RedisClient } from '@sluice/redis';

/** A Lua script, run by its digest; a server that has lost it (restart, fail-over) is sent the text once. */
class Script {
  private readonly digest: string;

  constructor(private readonly text: string) {
    this.digest = createHash('sha1').update(text).digest('hex');
  }

  async run(client: RedisClient, keys: string[], args: (string | number | Buffer)[]): Promise<unknown> {
    try {
      return await client.evalsha(this.digest, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return client.eval(this.text, keys.length, ...keys, ...args);
    }
  }
}

/** Answers of `renew` and `write` besides a count of writes. */
export const notOwner = -1;
export const noRecord = -2;

/** KEYS lease, node. ARGV incarnation, leaseMs, state. 1 where the slot was free, else 0. */
export const claimScript = new Script(`
if redis.call('EXISTS', KEYS[1], KEYS[2]) > 0 then return 0 end
redis.call('HSET', KEYS[2], 'incarnation', ARGV[1], 'state', ARGV[3], 'writes', 0)
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`);

/**
 * KEYS lease, node. ARGV incarnation, leaseMs. The node's count of writes, or -1, -2.
 * A lease that has ended is taken up again as long as nobody took the node over: Redis itself was away. PEXPIRE comes first
 * because SET is refused at maxmemory, and a full Redis must not look like dead nodes.
 */
export const renewScript = new Script(`
local node = redis.call('HMGET', KEYS[2], 'incarnation', 'takenBy', 'writes', 'suspectSince')
if not node[1] then return ${noRecord} end
if node[1] ~= ARGV[1] or node[2] then return ${notOwner} end
if redis.call('PEXPIRE', KEYS[1], ARGV[2]) == 0 then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
if node[4] then redis.call('HDEL', KEYS[2], 'suspectSince') end
return tonumber(node[3]) or 0`);

/**
 * KEYS node, connections. ARGV incarnation, number of records, then id and value of each, then ids to forget.
 * The node's count of writes, or -1, -2. The count tells the owner whether Redis has lost writes it had confirmed.
 */
export const writeScript = new Script(`
local node = redis.call('HMGET', KEYS[1], 'incarnation', 'takenBy')
if not node[1] then return ${noRecord} end
if node[1] ~= ARGV[1] or node[2] then return ${notOwner} end
local last = 2 + 2 * tonumber(ARGV[2])
if last > 2 then redis.call('HSET', KEYS[2], unpack(ARGV, 3, last)) end
if #ARGV > last then redis.call('HDEL', KEYS[2], unpack(ARGV, last + 1, #ARGV)) end
return redis.call('HINCRBY', KEYS[1], 'writes', 1)`);

/** KEYS node. ARGV incarnation. */
export const drainScript = new Script(`
local node = redis.call('HMGET', KEYS[1], 'incarnation', 'takenBy')
if node[1] == ARGV[1] and not node[2] then redis.call('HSET', KEYS[1], 'state', 'draining') end
return 0`);

/**
 * KEYS lease, node, connections. ARGV incarnation. How many connections were left, or -1.
 * With none left nothing remains; otherwise the record stays, marked so that reapers need no second look.
 */
export const leaveScript = new Script(`
local node = redis.call('HMGET', KEYS[2], 'incarnation', 'takenBy')
if node[1] ~= ARGV[1] or node[2] then return ${notOwner} end
redis.call('DEL', KEYS[1])
local left = redis.call('HLEN', KEYS[3])
if left == 0 then redis.call('DEL', KEYS[2]) else redis.call('HSET', KEYS[2], 'state', 'left') end
return left`);

/**
 * KEYS lease, node, reaper. ARGV token of the reaper, suspectMs, leaseMs.
 * `live`, `absent` (nothing is left to take, at most a tombstone), `suspect`, `busy` (another reaper is at it), or `taken`: it is ours now. Time is Redis's own, since the
 * clocks of two reapers may differ; a mark from the future (a fail-over to another clock) is made anew.
 */
export const takeOverScript = new Script(`
local node = redis.call('HMGET', KEYS[2], 'incarnation', 'takenBy', 'suspectSince', 'state')
if not node[1] or node[4] == 'reaped' then return 'absent' end
if not node[2] and redis.call('EXISTS', KEYS[1]) == 1 then
  if node[3] then redis.call('HDEL', KEYS[2], 'suspectSince') end
  return 'live'
end
if not node[2] and node[4] ~= 'left' then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local since = tonumber(node[3])
  if not since or since > now then
    redis.call('HSET', KEYS[2], 'suspectSince', now)
    return 'suspect'
  end
  if now - since < tonumber(ARGV[2]) then return 'suspect' end
end
if not redis.call('SET', KEYS[3], ARGV[1], 'NX', 'PX', ARGV[3]) then return 'busy' end
redis.call('HSET', KEYS[2], 'takenBy', ARGV[1])
return 'taken'`);

/** KEYS reaper, connections. ARGV token, leaseMs, ids. 1, or 0 where another reaper has this node by now. */
export const forgetScript = new Script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[2], unpack(ARGV, 3, #ARGV))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`);

/**
 * KEYS node, connections, reaper. ARGV token, tombstoneMs. 1 where the node is finished; else 0, and the reaper has let go of
 * it. A node that left knows that it is over; of one that was taken over a tombstone stays, because it may only be frozen:
 * finding no record when it thaws, it would take Redis for emptied, make itself again and keep sockets whose `$disconnect`
 * has been sent.
 */
export const finishScript = new Script(`
if redis.call('GET', KEYS[3]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[3])
if redis.call('HLEN', KEYS[2]) > 0 then return 0 end
if redis.call('HGET', KEYS[1], 'state') == 'left' then
  redis.call('DEL', KEYS[1])
else
  redis.call('HSET', KEYS[1], 'state', 'reaped')
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 1`);
