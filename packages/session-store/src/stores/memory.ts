/**
 * Sessions in this process's memory: for development, tests and single processes. They die with the process.
 *
 * Bounded twice: by count, where the least recently used session goes first (a live one, if need be), and by time, where every
 * commit looks at the two least recently used sessions and drops them if their time is over.
 */
import { LRUCache } from 'lru-cache';
import { integerIn, resolveOptions, v } from '@evenkeel/core/options';
import { acceptance, conflictsWith, mergedFields, refusal } from '../fields/merge.ts';
import { sessionKey } from '../session-key.ts';
import {
  COMMIT_NAMES_KEPT,
  type CommitReceipt,
  type ListedSession,
  type SessionPatch,
  type SessionRecord,
  type SessionStore,
} from '../store.ts';
import { corruptError } from '../store-error.ts';

/** Options of `memorySessionStore`. */
export interface MemorySessionStoreOptions {
  /** The most sessions kept, 1..10,000,000. @default 100,000 */
  readonly maxSessions?: number;
}

const OPTIONS = v.strictObject({ maxSessions: v.optional(integerIn(1, 10_000_000), 100_000) });

/** A store in memory. Every method is O(fields), `list` and `revoke` O(sessions of the principal). @throws INVALID_OPTIONS */
export function memorySessionStore(options: MemorySessionStoreOptions = {}): SessionStore {
  const { maxSessions } = resolveOptions('memorySessionStore', OPTIONS, options);
  return new MemorySessionStore(maxSessions);
}

/** A session, and the names of its last commits. */
interface Held {
  readonly record: SessionRecord;
  readonly commits: readonly string[];
}

class MemorySessionStore implements SessionStore {
  readonly #sessions: LRUCache<string, Held>;
  readonly #keysOf = new Map<string, Set<string>>();

  constructor(maxSessions: number) {
    this.#sessions = new LRUCache({
      max: maxSessions,
      dispose: ({ record }, key, reason) => reason !== 'set' && this.#forget(record.principal, key),
    });
  }

  async load(id: string, now: number): Promise<SessionRecord | undefined> {
    return this.peek(id, now);
  }

  peek(id: string, now: number): SessionRecord | undefined {
    return this.#live(sessionKey(id), now)?.record;
  }

  async commit(id: string, patch: SessionPatch, now: number): Promise<CommitReceipt | undefined> {
    const key = sessionKey(id);
    const { record, commits } = this.#live(key, now) ?? NOBODY;
    const before = record?.fields ?? new Map<string, string>();
    const sumsIn = (fields: ReadonlyMap<string, string>): Map<string, string> =>
      new Map([...patch.add.keys()].map((name) => [name, fields.get(name) ?? '0']));
    if (record !== undefined && patch.name !== undefined && commits.includes(patch.name))
      return acceptance(record.version, sumsIn(before));
    if (patch.mode === 'update' && (record === undefined || record.isRetired)) return undefined;
    if (patch.mode === 'create' && record !== undefined) throw corruptError('A new session id', 'it is in use');
    const conflicts = conflictsWith(before, patch);
    if (conflicts.size > 0) return refusal(record?.version ?? 0, conflicts);
    const fields = mergedFields(before, patch);
    const version = (record?.version ?? 0) + 1;
    const { createdAt, principal } = record ?? patch;
    this.#dropExpired(now);
    const { expiresAt, name } = patch;
    const committed = { version, createdAt, touchedAt: now, expiresAt, principal, isRetired: false, fields };
    this.#put(key, committed, name === undefined ? commits : [...commits, name].slice(-COMMIT_NAMES_KEPT));
    return acceptance(version, sumsIn(fields));
  }

  async touch(id: string, expiresAt: number, now: number): Promise<boolean> {
    const key = sessionKey(id);
    const held = this.#live(key, now);
    if (held === undefined || held.record.isRetired) return false;
    this.#put(key, { ...held.record, touchedAt: now, expiresAt }, held.commits);
    return true;
  }

  async destroy(id: string, now: number): Promise<SessionRecord | undefined> {
    return this.#remove(sessionKey(id), now);
  }

  async retire(id: string, until: number, now: number): Promise<SessionRecord | undefined> {
    const key = sessionKey(id);
    const held = this.#live(key, now);
    if (held === undefined || held.record.isRetired) return held?.record;
    const { record } = held;
    const retired = { ...record, isRetired: true, expiresAt: Math.min(until, record.expiresAt) };
    this.#put(key, retired, held.commits);
    return retired;
  }

  async list(principal: string, now: number): Promise<readonly ListedSession[]> {
    const sessions: ListedSession[] = [];
    for (const key of this.#keysOf.get(principal) ?? []) {
      const record = this.#live(key, now)?.record;
      if (record?.isRetired === false) sessions.push({ key, record });
    }
    return sessions.toSorted((a, b) => a.record.createdAt - b.record.createdAt);
  }

  async end(key: string, now: number): Promise<boolean> {
    return this.#remove(key, now) !== undefined;
  }

  async revoke(principal: string): Promise<void> {
    for (const key of this.#keysOf.get(principal) ?? []) this.#sessions.delete(key);
  }

  #live(key: string, now: number): Held | undefined {
    const held = this.#sessions.get(key);
    if (held === undefined || held.record.expiresAt > now) return held;
    this.#sessions.delete(key);
    return undefined;
  }

  #put(key: string, record: SessionRecord, commits: readonly string[]): void {
    this.#sessions.set(key, { record, commits });
    if (record.principal === undefined) return;
    const keys = this.#keysOf.get(record.principal);
    if (keys === undefined) this.#keysOf.set(record.principal, new Set([key]));
    else keys.add(key);
  }

  #remove(key: string, now: number): SessionRecord | undefined {
    const record = this.#live(key, now)?.record;
    this.#sessions.delete(key);
    return record;
  }

  #forget(principal: string | undefined, key: string): void {
    if (principal === undefined) return;
    const keys = this.#keysOf.get(principal);
    keys?.delete(key);
    if (keys?.size === 0) this.#keysOf.delete(principal);
  }

  /** Two out for one in: garbage can never build up, and no commit pays for more. */
  #dropExpired(now: number): void {
    for (let i = 0; i < 2; i++) {
      const oldest = this.#sessions.rkeys().next().value;
      if (oldest === undefined || this.#sessions.peek(oldest)!.record.expiresAt > now) return;
      this.#sessions.delete(oldest);
    }
  }
}

const NOBODY = { record: undefined, commits: [] } as const;
