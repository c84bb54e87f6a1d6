/**
 * Sessions in Redis (or Valkey), one hash each, through an ioredis connection of the application. Any number of instances may share
 * it. Works on a single server, behind Sentinel, and on Cluster: a script never touches more than one key.
 */
import { randomBytes } from 'node:crypto';
import { durationMs, objectWith, resolveOptions, v } from '@evenkeel/core/options';
import { isFieldName } from '../fields.ts';
import { notAddable } from '../merge.ts';
import { sessionKey } from '../session-key.ts';
import type { CommitReceipt, SessionPatch, SessionRecord, SessionStore } from '../store.ts';
import { corruptError, storeError } from '../store-error.ts';
import type { RedisClient } from './redis-client.ts';
import { redisCaller, type RedisCaller } from './redis-client.ts';
import { COMMIT, COMMIT_NAME_LENGTH, DESTROY, REPLY, TOUCH } from './redis-scripts.ts';

/** Options of `redisSessionStore`. */
export interface RedisSessionStoreOptions {
  /** What the keys start with; after it comes `{H}`, H a digest of the session id. @default 's:' */
  readonly prefix?: string;
  /**
   * How long one call may wait for Redis, connection included, in ms, 1..60,000. Then it fails with SESSION_STORE, whatever the
   * connection's own settings are: ioredis by itself would retry for more than a minute. @default 250
   */
  readonly deadlineMs?: number;
}

const OPTIONS = v.strictObject({
  prefix: v.optional(v.pipe(v.string(), v.regex(/^[^{}]*$/, 'a text without braces')), 's:'),
  deadlineMs: v.optional(durationMs(1, 60_000), 250),
});
const CLIENT = objectWith<RedisClient>('an ioredis client', 'hgetall', 'evalsha', 'eval', 'once', 'off');

/**
 * A store in Redis. The connection stays the application's: the store neither configures nor closes it.
 * @param redis an ioredis `Redis` or `Cluster`
 * @throws INVALID_OPTIONS
 */
export function redisSessionStore(redis: RedisClient, options: RedisSessionStoreOptions = {}): SessionStore {
  const client = resolveOptions('redisSessionStore', v.strictObject({ redis: CLIENT }), { redis }).redis;
  const { prefix, deadlineMs } = resolveOptions('redisSessionStore', OPTIONS, options);
  return new RedisSessionStore(prefix, redisCaller(client, deadlineMs), deadlineMs);
}

class RedisSessionStore implements SessionStore {
  readonly #prefix: string;
  readonly #call: RedisCaller;
  readonly #deadlineMs: number;
  /** What to add to `performance.now()` for the time on Redis' clock in ms; unknown before the first commit. */
  #timeOffset: number | undefined;

  constructor(prefix: string, call: RedisCaller, deadlineMs: number) {
    this.#prefix = prefix;
    this.#call = call;
    this.#deadlineMs = deadlineMs;
  }

  async load(id: string, now: number): Promise<SessionRecord | undefined> {
    const key = this.#keyOf(id);
    return liveAt(now, readRecord(key, entriesOf(await this.#guarded(key, this.#call.hash(key)))));
  }

  async commit(id: string, patch: SessionPatch, now: number): Promise<CommitReceipt | undefined> {
    const key = this.#keyOf(id);
    const name = commitName();
    let [head, ...sums] = await this.#send(key, patch, now, name);
    // Redis is not late but has another clock than before, as after a failover. It has told the time; nothing was applied.
    if (head === REPLY.late) [head, ...sums] = await this.#send(key, patch, now, name);
    if (head === REPLY.gone) return undefined;
    if (head === REPLY.corrupt) throw corruptError(`The Redis key ${key}`, 'it has no version');
    if (head === REPLY.exists) throw corruptError('A new session id', 'it is in use');
    if (head === REPLY.notAddable) throw notAddable(sums[0] ?? '');
    if (head === REPLY.late) throw storeError('Redis', new Error('the commit arrived too late'));
    return { version: Number(head), sums: new Map([...patch.add.keys()].map((field, i) => [field, sums[i] ?? '0'])) };
  }

  /** Sends a commit that is void after the deadline, and learns the time from the answer. Gives the word or version, and the sums. */
  async #send(key: string, patch: SessionPatch, now: number, name: string): Promise<string[]> {
    const sentAt = performance.now();
    const notAfter = this.#timeOffset === undefined ? '' : Math.ceil(sentAt + this.#deadlineMs + this.#timeOffset);
    const reply = await this.#guarded(key, this.#call.script(COMMIT, key, commitArguments(patch, now, name, notAfter)));
    if (!Array.isArray(reply)) throw corruptError('The reply of Redis', 'not a list');
    const [head = '', redisNow, ...sums] = reply.map(String);
    // Too large by the time the commit took to get there, which errs on the side of accepting.
    if (redisNow !== undefined) this.#timeOffset = Number(redisNow) - sentAt;
    return [head, ...sums];
  }

  async touch(id: string, expiresAt: number, now: number): Promise<boolean> {
    const key = this.#keyOf(id);
    const reply = await this.#guarded(key, this.#call.script(TOUCH, key, [String(now), String(expiresAt)]));
    if (reply === REPLY.corrupt) throw corruptError(`The Redis key ${key}`, 'it has no version');
    return reply !== REPLY.gone;
  }

  async destroy(id: string, now: number): Promise<SessionRecord | undefined> {
    const key = this.#keyOf(id);
    const reply = await this.#guarded(key, this.#call.script(DESTROY, key, [String(now)]));
    if (reply === REPLY.corrupt) throw corruptError(`The Redis key ${key}`, 'it has no version');
    return reply === REPLY.gone ? undefined : readRecord(key, entriesOf(reply));
  }

  #keyOf(id: string): string {
    return `${this.#prefix}{${sessionKey(id)}}`;
  }

  async #guarded(key: string, work: Promise<unknown>): Promise<unknown> {
    try {
      return await work;
    } catch (cause) {
      // Redis says it in the middle of the message when a script meets it.
      if (cause instanceof Error && cause.message.includes('WRONGTYPE')) {
        throw corruptError(`The Redis key ${key}`, 'it is not a hash');
      }
      throw storeError('Redis did not do what the session needs', cause);
    }
  }
}

function commitArguments(patch: SessionPatch, now: number, name: string, notAfter: number | ''): string[] {
  const { mode, expiresAt, createdAt, set, remove, add } = patch;
  const head = [
    now,
    mode === 'create' ? 'c' : 'u',
    name,
    expiresAt,
    createdAt,
    set.size,
    remove.length,
    add.size,
    notAfter,
  ];
  return [...head, ...[...set].flat(), ...remove, ...[...add].flat()].map(String);
}

function commitName(): string {
  return randomBytes((COMMIT_NAME_LENGTH * 3) / 4).toString('base64url');
}

/** The shapes in which ioredis hands over a hash: an object, a Map (`replyMapping: 'resp3'`), a list (out of a script). */
function entriesOf(reply: unknown): [string, string][] {
  if (reply instanceof Map) return [...reply].map(([name, value]) => [String(name), String(value)]);
  if (!Array.isArray(reply)) return Object.entries(Object(reply)).map(([name, value]) => [name, String(value)]);
  const entries: [string, string][] = [];
  for (let i = 0; i < reply.length; i += 2) entries.push([String(reply[i]), String(reply[i + 1])]);
  return entries;
}

/** @throws SESSION_CORRUPT unless the entries are those of a session, or none */
function readRecord(key: string, entries: readonly [string, string][]): SessionRecord | undefined {
  if (entries.length === 0) return undefined;
  const meta = new Map<string, number>();
  const fields = new Map<string, string>();
  for (const [name, value] of entries) {
    if (name.startsWith('#')) meta.set(name, /^[0-9]{1,16}$/.test(value) ? Number(value) : Number.NaN);
    else if (name.startsWith('.') && isFieldName(name.slice(1))) fields.set(name.slice(1), value);
    else throw corruptError(`The Redis key ${key}`, 'it has a field of another kind');
  }
  function integer(name: string): number {
    const value = meta.get(name);
    if (value === undefined || !Number.isSafeInteger(value)) throw corruptError(`The Redis key ${key}`, `no ${name}`);
    return value;
  }
  return {
    version: integer('#v'),
    createdAt: integer('#c'),
    touchedAt: integer('#a'),
    expiresAt: integer('#x'),
    fields,
  };
}

function liveAt(now: number, record: SessionRecord | undefined): SessionRecord | undefined {
  return record !== undefined && record.expiresAt > now ? record : undefined;
}
