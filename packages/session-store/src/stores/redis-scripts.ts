/**
 * The Lua scripts over one session: one key each, one round trip, atomic. Values are opaque to them, but for the integers of an
 * increment. Each one checks everything before its first write, so an error leaves the key as it was.
 *
 * The hash of a session: `#v` version, `#c` created, `#a` last access, `#x` end of its time (all ms since the epoch), `#o` the last
 * 8 commits by name (64 bytes, the most that a small hash holds in its compact form), `#r` 1 if it is retired; of a principal's
 * session also `#p` the principal, `#g` its generation when the session began, `#l` until when the principal's list has the session.
 * User fields are `.` and their name.
 *
 * The first argument of each is a moment of Redis' own clock in ms, or empty: a write that arrives later was reported as failed long
 * ago, and must not overwrite what came after it. Each reply is a list of a word, Redis' time, and what the script has to say.
 *
 * Each script that writes reads the key after that. CLIENT TRACKING with NOLOOP forgets a key when it tells of a write, also to the
 * one who wrote and is not told; only a read behind the write makes the writer hear of the next one.
 */
import { createHash } from 'node:crypto';
import { COMMIT_NAMES_KEPT } from '../store.ts';

/** A script and the name under which Redis remembers it. */
export interface Script {
  readonly source: string;
  readonly sha1: string;
}

/** The words of the scripts, but for a commit's new version. */
export const WORD = {
  done: 'DONE',
  gone: 'GONE',
  corrupt: 'CORRUPT',
  exists: 'EXISTS',
  notAddable: 'NOT_ADDABLE',
  conflict: 'CONFLICT',
  late: 'LATE',
} as const;

/** Characters of the name of one commit. */
export const COMMIT_NAME_LENGTH = 8;

/** `integer()`, `digits()`, and `late()`: what to reply if it is too late. */
const BASE = `
local time = redis.call('TIME')
local redis_now = time[1] .. string.format('%03d', math.floor(tonumber(time[2]) / 1000))
local function integer(text)
  if not text or #text > 17 or not (text == '0' or text:match('^%-?[1-9]%d*$')) then return nil end
  local number = tonumber(text)
  if math.abs(number) <= 9007199254740991 then return number end
end
local function digits(number) return string.format('%.0f', number) end
local function is_late() return ARGV[1] ~= '' and tonumber(redis_now) > tonumber(ARGV[1]) end
`;

// `live()`: the version if there is a session at `now`, false if there is none, 'CORRUPT' if something else is there. HMGET on
// another type raises WRONGTYPE, which is as it should be. `relist()`: takes note that the session's time goes on behind what the
// principal's list knows, and replies with the principal.
const PRELUDE = `${BASE}
local key, now = KEYS[1], tonumber(ARGV[2])
local head = redis.call('HMGET', key, '#v', '#x', '#o', '#r', '#p', '#l', '#g')
local function live()
  if not head[1] then
    if redis.call('EXISTS', key) == 1 then return 'CORRUPT' end
    return false
  end
  if not integer(head[1]) or not integer(head[2]) then return 'CORRUPT' end
  if head[4] and head[4] ~= '1' or head[5] and not integer(head[7]) then return 'CORRUPT' end
  if integer(head[2]) <= now then return false end
  return integer(head[1])
end
local function relist(expires_at, listed_until)
  if not head[5] or (integer(head[6]) or 0) >= tonumber(expires_at) then return '-' end
  redis.call('HSET', key, '#l', listed_until)
  return '=' .. head[5]
end
`;

/**
 * ARGV: the latest moment, now, mode `c` or `u`, commit name, expiresAt, createdAt, listedUntil, ms that the hash outlives its end,
 * principal, generation, counts of sets, of removes, of adds and of expectations; then name and value of each set, name of each
 * remove, name and amount of each add, name and value of each expectation. A principal or an expected value is `=` and the text, or
 * `-` for none. Reply: the version, time, principal to be listed, and the sums; or a word.
 *
 * A commit that is already in `#o` is answered and not applied again: ioredis sends unanswered commands a second time after a
 * reconnect (`autoResendUnfulfilledCommands`), and so may the caller.
 */
export const COMMIT: Script = script(`${PRELUDE}
local version = live()
if version == 'CORRUPT' then return {'CORRUPT', redis_now} end
local mode, name, expires_at, listed_until, principal = ARGV[3], ARGV[4], ARGV[5], ARGV[7], ARGV[9]
local first_set = 15
local first_remove = first_set + 2 * tonumber(ARGV[11])
local first_add = first_remove + tonumber(ARGV[12])
local first_expectation = first_add + 2 * tonumber(ARGV[13])
local last = first_expectation + 2 * tonumber(ARGV[14]) - 1
local function held(i) return redis.call('HGET', key, '.' .. ARGV[i]) end
if version then
  for i = 1, #(head[3] or ''), #name do
    if head[3]:sub(i, i + #name - 1) == name then
      local reply = {digits(version), redis_now, '-'}
      for i = first_add, first_expectation - 1, 2 do reply[#reply + 1] = held(i) or '0' end
      return reply
    end
  end
end
if is_late() then return {'LATE', redis_now} end
if mode == 'u' and (not version or head[4]) then return {'GONE', redis_now} end
if mode == 'c' and version then return {'EXISTS', redis_now} end
local conflicts = {'CONFLICT', redis_now, digits(version or 0)}
for i = first_expectation, last, 2 do
  local value = version and held(i)
  local is = value and '=' .. value or '-'
  if is ~= ARGV[i + 1] then
    conflicts[#conflicts + 1] = ARGV[i]
    conflicts[#conflicts + 1] = is
  end
end
if #conflicts > 3 then return conflicts end
local reply = {digits((version or 0) + 1), redis_now, '-'}
for i = first_add, first_expectation - 1, 2 do
  local number = integer(version and held(i) or '0')
  if not number then return {'NOT_ADDABLE', redis_now, ARGV[i]} end
  number = number + tonumber(ARGV[i + 1])
  if math.abs(number) > 9007199254740991 then return {'NOT_ADDABLE', redis_now, ARGV[i]} end
  reply[#reply + 1] = digits(number)
end
if mode == 'c' then
  redis.call('DEL', key)
  redis.call('HSET', key, '#c', ARGV[6])
  if principal ~= '-' then redis.call('HSET', key, '#p', principal:sub(2), '#g', ARGV[10], '#l', listed_until) end
else
  reply[3] = relist(expires_at, listed_until)
end
for i = first_set, first_remove - 1, 2 do redis.call('HSET', key, '.' .. ARGV[i], ARGV[i + 1]) end
for i = first_remove, first_add - 1 do redis.call('HDEL', key, '.' .. ARGV[i]) end
for i = 4, #reply do redis.call('HSET', key, '.' .. ARGV[first_add + 2 * (i - 4)], reply[i]) end
local names = ((version and head[3] or '') .. name):sub(-${COMMIT_NAMES_KEPT} * #name)
redis.call('HSET', key, '#v', reply[1], '#a', ARGV[2], '#x', expires_at, '#o', names)
redis.call('PEXPIRE', key, digits(tonumber(expires_at) - now + tonumber(ARGV[8])))
redis.call('HGET', key, '#v')
return reply
`);

/** ARGV: the latest moment, now, expiresAt, listedUntil, ms that the hash outlives its end. Reply: `DONE`, time, principal to be listed. */
export const TOUCH: Script = script(`${PRELUDE}
local version = live()
if version == 'CORRUPT' then return {'CORRUPT', redis_now} end
if is_late() then return {'LATE', redis_now} end
if not version or head[4] then return {'GONE', redis_now} end
local principal = relist(ARGV[3], ARGV[4])
redis.call('HSET', key, '#a', ARGV[2], '#x', ARGV[3])
redis.call('PEXPIRE', key, digits(tonumber(ARGV[3]) - now + tonumber(ARGV[5])))
redis.call('HGET', key, '#v')
return {'DONE', redis_now, principal}
`);

/** ARGV: the latest moment, now, until, ms that the hash outlives its end. Reply: `DONE`, time, the hash. */
export const RETIRE: Script = script(`${PRELUDE}
local version = live()
if version == 'CORRUPT' then return {'CORRUPT', redis_now} end
if not version then return {'GONE', redis_now} end
if not head[4] then
  if is_late() then return {'LATE', redis_now} end
  local ends_at = math.min(tonumber(ARGV[3]), integer(head[2]))
  redis.call('HSET', key, '#r', '1', '#x', digits(ends_at))
  head = redis.call('HGETALL', key)
  redis.call('PEXPIRE', key, digits(ends_at - now + tonumber(ARGV[4])))
  redis.call('HGET', key, '#v')
else
  head = redis.call('HGETALL', key)
end
local reply = {'DONE', redis_now}
for i = 1, #head do reply[i + 2] = head[i] end
return reply
`);

/**
 * ARGV: the latest moment, now, `=` and the principal whose session alone is meant, or `-`. Reply: `DONE`, time, the hash. Something
 * that is not a session stays where it is.
 */
export const DESTROY: Script = script(`${PRELUDE}
local version = live()
if version == 'CORRUPT' then return {'CORRUPT', redis_now} end
if not version or ARGV[3] ~= '-' and ARGV[3] ~= '=' .. (head[5] or '') then return {'GONE', redis_now} end
local reply = {'DONE', redis_now}
for i, text in ipairs(redis.call('HGETALL', key)) do reply[i + 2] = text end
redis.call('DEL', key)
redis.call('HGET', key, '#v')
return reply
`);

/**
 * Takes away a session whose time is over, so that one caller alone gets it. ARGV: the latest moment, now. Reply: `DONE`, time, the
 * hash; `GONE` if there is none; the end of its time where that is yet to come.
 */
export const EXPIRE: Script = script(`${PRELUDE}
local version = live()
if version == 'CORRUPT' then return {'CORRUPT', redis_now} end
if version then return {head[2], redis_now} end
if not head[1] then return {'GONE', redis_now} end
local reply = {'DONE', redis_now}
for i, text in ipairs(redis.call('HGETALL', key)) do reply[i + 2] = text end
redis.call('DEL', key)
redis.call('HGET', key, '#v')
return reply
`);

/** A script of the store, with what all of them have. */
export function script(source: string): Script {
  return { source, sha1: createHash('sha1').update(source).digest('hex') };
}

/** A script over other keys than a session's. */
export function indexScript(source: string): Script {
  return script(`${BASE}${source}`);
}
