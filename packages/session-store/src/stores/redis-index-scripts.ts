/**
 * The Lua scripts over what the store keeps besides sessions. A principal has two keys in one slot: a hash whose `g` is its
 * generation, and a sorted set of its sessions, each with the moment until which it is listed. A session counts only if its `#g` is
 * not behind `g`, so one write ends them all, those included that are being made just now.
 *
 * A generation is a moment of Redis' clock, in microseconds, and more than the one before: should the hash ever be lost, the next generation is still
 * ahead of every session from before.
 */
import { indexScript, type Script } from './redis-scripts.ts';

const PRINCIPAL = `
local generation = redis.call('HGET', KEYS[1], 'g') or '0'
if not integer(generation) or integer(generation) < 0 then return {'CORRUPT', redis_now} end
`;

/**
 * Puts a session on the principal's list, before the session exists: what exists can be found.
 * KEYS: generation, list. ARGV: empty, now, digest, listedUntil. Reply: `DONE`, time, generation.
 */
export const JOIN: Script = indexScript(`${PRINCIPAL}
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[3])
local last = redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')[2]
redis.call('PEXPIRE', KEYS[2], digits(tonumber(last) - tonumber(ARGV[2])))
return {'DONE', redis_now, generation}
`);

/** KEYS: generation, list. ARGV: empty, now. Reply: `DONE`, time, generation, and the digests. */
export const LIST: Script = indexScript(`${PRINCIPAL}
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[2])
local reply = {'DONE', redis_now, generation}
for i, digest in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do reply[i + 3] = digest end
return reply
`);

/**
 * KEYS: generation, list. ARGV: the latest moment, now, ms to remember the generation at least. Reply: `DONE`, time, the new
 * generation, and the digests, which are on the list no more.
 */
export const REVOKE: Script = indexScript(`${PRINCIPAL}
if is_late() then return {'LATE', redis_now} end
local now_us = tonumber(time[1]) * 1000000 + tonumber(time[2])
local reply = {'DONE', redis_now, digits(math.max(integer(generation) + 1, now_us))}
local last = redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')[2] or ARGV[2]
for i, digest in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do reply[i + 3] = digest end
redis.call('HSET', KEYS[1], 'g', reply[3])
redis.call('PEXPIRE', KEYS[1], digits(math.max(tonumber(last) - tonumber(ARGV[2]), tonumber(ARGV[3]))))
redis.call('DEL', KEYS[2])
redis.call('HGET', KEYS[1], 'g')
return reply
`);

/**
 * Lends out what is due: nobody else is given it until the loan ends, and then somebody is, should the borrower have died.
 * KEYS: a set of digests by their end. ARGV: empty, due until, end of the loan, how many. Reply: `DONE`, time, and the digests.
 */
export const CLAIM: Script = indexScript(`
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[2], 'LIMIT', 0, ARGV[4])
local reply = {'DONE', redis_now}
for i, digest in ipairs(due) do
  redis.call('ZADD', KEYS[1], ARGV[3], digest)
  reply[i + 2] = digest
end
return reply
`);
