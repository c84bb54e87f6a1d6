/**
 * For the move from connect-redis: a store around one of ours that finds sessions under connect-redis's keys, `sess:<id>`, and takes
 * them over with their first commit or touch, so that nobody is logged out.
 *
 * While instances with connect-redis still run, `mirror` keeps their keys up to date as well, and takes over what they change. Old
 * instances overwrite and revive each other's sessions as they always did; see docs/sessions.md for what holds between old and new.
 *
 * The order of steps is what keeps a session that was ended from coming back: the key goes first and comes first.
 */
import { isBalancerError } from '@evenkeel/core';
import { durationMs, objectWith, resolveOptions, v } from '@evenkeel/core/options';
import { sessionKey } from '../session-key.ts';
import type { RedisClient } from '../stores/redis-client.ts';
import type { CommitReceipt, Consistency, ListedSession, SessionPatch, SessionRecord, SessionStore } from '../store.ts';
import { type CompatStrings, compatStrings, type FoundText } from './compat-redis.ts';
import { readCompatText, writeCompatText } from './compat-text.ts';

/** Options of `compatKeys`. */
export interface CompatKeysOptions {
  /** An ioredis client of the Redis that connect-redis uses. */
  readonly redis: RedisClient;
  /** What connect-redis' keys begin with. @default 'sess:' */
  readonly prefix?: string;
  /** Whether instances with connect-redis are still running. It costs two to four more calls to Redis per commit. @default false */
  readonly mirror?: boolean;
  /** How long a call to Redis may take, in ms, 1..60,000. @default 250 */
  readonly deadlineMs?: number;
}

const OPTIONS = v.strictObject({
  redis: objectWith<RedisClient>('an ioredis client', 'evalsha', 'eval', 'call'),
  prefix: v.optional(v.string('a text'), 'sess:'),
  mirror: v.optional(v.boolean('true or false'), false),
  deadlineMs: v.optional(durationMs(1, 60_000), 250),
});

/** @throws INVALID_OPTIONS */
export function compatKeys(store: SessionStore, options: CompatKeysOptions): SessionStore {
  const { redis, prefix, mirror, deadlineMs } = resolveOptions('compatKeys', OPTIONS, options);
  return new CompatStore(store, compatStrings(redis, prefix, deadlineMs), mirror);
}

/** The field of a session that has a key of connect-redis beside it: without that key it has been ended. */
const MIRRORED = '*mirrored';

/** For a key that does not end by itself. */
const DAY_MS = 86_400_000;

/** How often two instances may get in each other's way within one commit. */
const MAX_TURNS = 5;

const NO_CHANGES: Pick<SessionPatch, 'remove' | 'add'> = { remove: [], add: new Map() };

class CompatStore implements SessionStore {
  readonly #store: SessionStore;
  readonly #strings: CompatStrings;
  readonly #isMirrored: boolean;

  constructor(store: SessionStore, strings: CompatStrings, isMirrored: boolean) {
    this.#store = store;
    this.#strings = strings;
    this.#isMirrored = isMirrored;
  }

  async load(id: string, now: number, consistency?: Consistency): Promise<SessionRecord | undefined> {
    const record = await this.#find(id, now, consistency);
    return record && withoutMark(record);
  }

  async commit(id: string, patch: SessionPatch, now: number): Promise<CommitReceipt | undefined> {
    if (patch.mode === 'create') return this.#create(id, patch, now);
    if (this.#isMirrored) return this.#update(id, patch, now);
    const receipt = await this.#store.commit(id, patch, now);
    if (receipt !== undefined || !(await this.#takeOver(id, now))) return receipt;
    return this.#store.commit(id, patch, now);
  }

  async touch(id: string, expiresAt: number, now: number): Promise<boolean> {
    const [isThere] = await Promise.all([
      this.#store.touch(id, expiresAt, now),
      this.#isMirrored && this.#strings.prolong(id, Math.max(1, expiresAt - now)),
    ]);
    return isThere || ((await this.#takeOver(id, now)) && this.#store.touch(id, expiresAt, now));
  }

  async destroy(id: string, now: number): Promise<SessionRecord | undefined> {
    const text = await this.#strings.take(id);
    const last = await this.#store.destroy(id, now);
    if (last !== undefined || text === undefined) return last && withoutMark(last);
    return adoptable(id, { text, leftMs: undefined }, now);
  }

  async retire(id: string, until: number, now: number): Promise<SessionRecord | undefined> {
    await this.#settled(id, now);
    await this.#strings.take(id);
    const last = await this.#store.retire(id, until, now);
    return last && withoutMark(last);
  }

  list(principal: string, now: number): Promise<readonly ListedSession[]> {
    return this.#store.list(principal, now);
  }

  end(key: string, now: number): Promise<boolean> {
    return this.#store.end(key, now);
  }

  revoke(principal: string, now: number): Promise<void> {
    return this.#store.revoke(principal, now);
  }

  /** The session as it is stored, by whomever. */
  async #find(id: string, now: number, consistency?: Consistency): Promise<SessionRecord | undefined> {
    if (!this.#isMirrored)
      return (await this.#store.load(id, now, consistency)) ?? (await this.#adoptable(id, now))?.record;
    const [record, found] = await Promise.all([this.#store.load(id, now, 'strong'), this.#strings.read(id)]);
    if (record === undefined) return (await this.#adoptable(id, now, found))?.record;
    if (record.isRetired || (found === undefined && !record.fields.has(MIRRORED))) return record;
    if (found !== undefined) return this.#caughtUp(id, record, found.text, now);
    // An old instance has ended it.
    await this.#store.destroy(id, now);
    return undefined;
  }

  async #create(id: string, patch: SessionPatch, now: number): Promise<CommitReceipt | undefined> {
    if (!this.#isMirrored) return this.#store.commit(id, patch, now);
    const set = withMark(patch.set);
    await this.#strings.write(
      id,
      textOf(id, { version: 1, fields: set, expiresAt: patch.expiresAt }),
      leftMs(patch, now),
    );
    return this.#store.commit(id, { ...patch, set }, now);
  }

  async #update(id: string, patch: SessionPatch, now: number): Promise<CommitReceipt | undefined> {
    const record = await this.#settled(id, now);
    if (record === undefined || record.isRetired) return undefined;
    const isMarked = record.fields.has(MIRRORED);
    if (!isMarked) await this.#strings.write(id, textOf(id, record), leftMs(record, now));
    const receipt = await this.#store.commit(id, isMarked ? patch : { ...patch, set: withMark(patch.set) }, now);
    if (receipt === undefined || receipt.conflicts.size > 0) return receipt;
    return (await this.#mirror(id, now)) ? receipt : undefined;
  }

  /** The session, ours by now wherever it was. */
  async #settled(id: string, now: number): Promise<SessionRecord | undefined> {
    const record = await this.#find(id, now, 'strong');
    if (record?.version !== ADOPTED) return record;
    return (await this.#takeOver(id, now)) ? this.#find(id, now, 'strong') : undefined;
  }

  /** A session that only connect-redis has. */
  async #adoptable(id: string, now: number, known?: FoundText): Promise<Adoptable | undefined> {
    const found = known ?? (await this.#strings.read(id));
    if (found === undefined) return undefined;
    const record = adoptable(id, found, now);
    if (record !== undefined) return { record, text: found.text };
    // It was ours and has been ended here; an old instance wrote it back.
    if (this.#isMirrored) await this.#strings.take(id);
    return undefined;
  }

  /** Makes a session of connect-redis one of ours. False if there is none. */
  async #takeOver(id: string, now: number): Promise<boolean> {
    const found = await this.#adoptable(id, now);
    if (found === undefined) return false;
    const { createdAt, expiresAt, fields } = found.record;
    const set = this.#isMirrored ? withMark(fields) : fields;
    try {
      await this.#store.commit(id, { mode: 'create', createdAt, expiresAt, set, ...NO_CHANGES }, now);
    } catch (error) {
      // Another instance was faster.
      if (isBalancerError(error) && error.code === 'SESSION_CORRUPT') return true;
      throw error;
    }
    if (this.#isMirrored) return this.#mirror(id, now, found.text);
    if ((await this.#strings.take(id)) !== undefined) return true;
    // Ended between our reading and our writing.
    await this.#store.destroy(id, now);
    return false;
  }

  /** The session with what an old instance has changed. */
  async #caughtUp(id: string, record: SessionRecord, text: string, now: number): Promise<SessionRecord | undefined> {
    if (!(await this.#absorb(id, record.expiresAt, text, now))) return record;
    return (await this.#mirror(id, now, text)) ? this.#store.load(id, now, 'strong') : undefined;
  }

  /** Stores what an old instance has changed. False if it has changed nothing. */
  async #absorb(id: string, expiresAt: number, text: string, now: number): Promise<boolean> {
    const { set, remove } = readCompatText(text, sessionKey(id));
    if (set.size === 0 && remove.length === 0) return false;
    await this.#store.commit(id, { mode: 'update', createdAt: now, expiresAt, ...NO_CHANGES, set, remove }, now);
    return true;
  }

  /**
   * Writes our session under the key of connect-redis. What that replaces may be news. False if the session has been ended.
   * @param absorbed a text that is no news
   */
  async #mirror(id: string, now: number, absorbed?: string): Promise<boolean> {
    let known = absorbed;
    for (let turn = 0; turn < MAX_TURNS; turn++) {
      const record = await this.#store.load(id, now, 'strong');
      if (record === undefined) return false;
      const last = await this.#strings.replace(id, textOf(id, record), leftMs(record, now));
      if (last === undefined) {
        await this.#store.destroy(id, now);
        return false;
      }
      const isNews = last !== known && (await this.#absorb(id, record.expiresAt, last, now));
      // A faster instance may have written a newer session there, and we an older one over it.
      if (!isNews && (readCompatText(last, sessionKey(id)).version ?? 0) <= record.version) return true;
      known = last;
    }
    return true;
  }
}

interface Adoptable {
  readonly record: SessionRecord;
  readonly text: string;
}

/** A session of connect-redis as one of ours; undefined for one that was ours before. @throws SESSION_CORRUPT */
function adoptable(id: string, { text, leftMs: left = DAY_MS }: FoundText, now: number): SessionRecord | undefined {
  const { fields, touchIntervalMs, version } = readCompatText(text, sessionKey(id));
  if (version !== undefined) return undefined;
  const expiresAt = now + left + touchIntervalMs;
  // Never touched, so that whoever reads it has a reason to touch it, and with that to take it over.
  return { version: ADOPTED, createdAt: now, touchedAt: 0, expiresAt, principal: undefined, isRetired: false, fields };
}

function withMark(fields: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...fields, [MIRRORED, '1']]);
}

function withoutMark(record: SessionRecord): SessionRecord {
  if (!record.fields.has(MIRRORED)) return record;
  const fields = new Map(record.fields);
  fields.delete(MIRRORED);
  return { ...record, fields };
}

/** The version of a session that is not ours yet. */
const ADOPTED = 0;

function textOf(
  id: string,
  { version, fields, expiresAt }: Pick<SessionRecord, 'version' | 'fields' | 'expiresAt'>,
): string {
  return writeCompatText(sessionKey(id), version, fields, expiresAt);
}

function leftMs({ expiresAt }: { readonly expiresAt: number }, now: number): number {
  return Math.max(1, expiresAt - now);
}
