/**
 * The Lua scripts of the Redis store: one key each, one round trip, atomic. Values are opaque to them, but for the integers of an
 * increment. Each one checks everything before its first write, so an error leaves the key as it was.
 *
 * The hash of a session: `#v` version, `#c` created, `#a` last access, `#x` end of its time (all ms since the epoch), `#o` the last
 * 8 commits by name (64 bytes, the most that a small hash holds in its compact form); user fields are `.` and their name.
 */
import { createHash } from 'node:crypto';

/** A script and the name under which Redis remembers it. */
export interface Script {
  readonly source: string;
  readonly sha1: string;
}

/** Replies of the scripts that are not data. */
export const REPLY = {
  gone: 'GONE',
  corrupt: 'CORRUPT',
  exists: 'EXISTS',
  notAddable: 'NOT_ADDABLE',
  late: 'LATE',
} as const;

/** Characters of the name of one commit. */
export const COMMIT_NAME_LENGTH = 8;

// `live()`: the version if there is a session at `now`, false if there is none, 'CORRUPT' if something else is there. HMGET on
// another type raises WRONGTYPE, which is as it should be.
const PRELUDE = `
local key, now = KEYS[1], tonumber(ARGV[1])
local function integer(text)
  if not text or #text > 17 or not (text == '0' or text:match('^%-?[1-9]%d*$')) then return nil end
  local number = tonumber(text)
  if math.abs(number) <= 9007199254740991 then return number end
end
local head = redis.call('HMGET', key, '#v', '#x', '#o')
local function live()
  if not head[1] then
    if redis.call('EXISTS', key) == 1 then return 'CORRUPT' end
    return false
  end
  if not integer(head[1]) or not integer(head[2]) then return 'CORRUPT' end
  if integer(head[2]) <= now then
    redis.call('DEL', key)
    return false
  end
  return integer(head[1])
end
`;

/**
 * ARGV: now, mode `c` or `u`, commit name, expiresAt, createdAt, count of sets, of removes, of adds, `notAfter`, then name and value
 * of each set, name of each remove, name and amount of each add. Reply: version or a word of `REPLY`, Redis' own time in ms, and the
 * sums.
 *
 * `notAfter` is a moment of Redis' own clock, or empty. A commit that arrives later was reported as failed long ago; it must not
 * overwrite what came after it.
 *
 * A commit that is already in `#o` is answered and not applied again: ioredis sends unanswered commands a second time after a
 * reconnect (`autoResendUnfulfilledCommands`).
 */
export const COMMIT: Script = script(`${PRELUDE}
local version = live()
if version == 'CORRUPT' then return {'CORRUPT'} end
local time = redis.call('TIME')
local redis_now = time[1] .. string.format('%03d', math.floor(tonumber(time[2]) / 1000))
local mode, name, expires_at, not_after = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[9])
local sets, removes, adds = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local first_set = 10
local first_remove = first_set + 2 * sets
local first_add = first_remove + removes
local done = version and head[3] and head[3]:find(name, 1, true)
if not done then
  if not_after and tonumber(redis_now) > not_after then return {'LATE', redis_now} end
  if version and mode == 'c' then return {'EXISTS'} end
  if not version and mode == 'u' then return {'GONE'} end
end
local reply = {}
for i = first_add, first_add + 2 * adds - 1, 2 do
  local sum = redis.call('HGET', key, '.' .. ARGV[i]) or '0'
  if not done then
    local number = integer(sum)
    if not number then return {'NOT_ADDABLE', redis_now, ARGV[i]} end
    number = number + tonumber(ARGV[i + 1])
    if math.abs(number) > 9007199254740991 then return {'NOT_ADDABLE', redis_now, ARGV[i]} end
    sum = string.format('%.0f', number)
  end
  reply[#reply + 1] = sum
end
if done then return {string.format('%.0f', version), redis_now, unpack(reply)} end
version = string.format('%.0f', (version or 0) + 1)
for i = first_set, first_remove - 1, 2 do redis.call('HSET', key, '.' .. ARGV[i], ARGV[i + 1]) end
for i = first_remove, first_add - 1 do redis.call('HDEL', key, '.' .. ARGV[i]) end
for i = 1, #reply do redis.call('HSET', key, '.' .. ARGV[first_add + 2 * i - 2], reply[i]) end
redis.call('HSET', key, '#v', version, '#a', ARGV[1], '#x', expires_at, '#o', ((head[3] or '') .. name):sub(-8 * #name))
if mode == 'c' then redis.call('HSET', key, '#c', ARGV[5]) end
redis.call('PEXPIRE', key, string.format('%.0f', tonumber(expires_at) - now))
return {version, redis_now, unpack(reply)}
`);

/** ARGV: now, expiresAt. Reply: 1 or a word of `REPLY`. */
export const TOUCH: Script = script(`${PRELUDE}
local version = live()
if version == 'CORRUPT' then return 'CORRUPT' end
if not version then return 'GONE' end
redis.call('HSET', key, '#a', ARGV[1], '#x', ARGV[2])
redis.call('PEXPIRE', key, string.format('%.0f', tonumber(ARGV[2]) - now))
return 1
`);

/** ARGV: now. Reply: the hash as a list, or a word of `REPLY`. Something that is not a session stays where it is. */
export const DESTROY: Script = script(`${PRELUDE}
local version = live()
if version == 'CORRUPT' then return 'CORRUPT' end
if not version then return 'GONE' end
local last = redis.call('HGETALL', key)
redis.call('DEL', key)
return last
`);

function script(source: string): Script {
  return { source, sha1: createHash('sha1').update(source).digest('hex') };
}
