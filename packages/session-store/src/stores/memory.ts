/**
 * Sessions in this process's memory: for development, tests and single processes. They die with the process.
 *
 * Bounded twice: by count, where the least recently used session goes first (a live one, if need be), and by time, where every
 * commit looks at the two least recently used sessions and drops them if their time is over.
 */
import { LRUCache } from 'lru-cache';
import { integerIn, resolveOptions, v } from '@evenkeel/core/options';
import { mergedFields } from '../merge.ts';
import type { CommitReceipt, SessionPatch, SessionRecord, SessionStore } from '../store.ts';
import { corruptError } from '../store-error.ts';

/** Options of `memorySessionStore`. */
export interface MemorySessionStoreOptions {
  /** The most sessions kept, 1..10,000,000. @default 100,000 */
  readonly maxSessions?: number;
}

const OPTIONS = v.strictObject({ maxSessions: v.optional(integerIn(1, 10_000_000), 100_000) });

/** A store in memory. Every method is O(fields). @throws INVALID_OPTIONS */
export function memorySessionStore(options: MemorySessionStoreOptions = {}): SessionStore {
  const { maxSessions } = resolveOptions('memorySessionStore', OPTIONS, options);
  return new MemorySessionStore(maxSessions);
}

class MemorySessionStore implements SessionStore {
  readonly #records: LRUCache<string, SessionRecord>;

  constructor(maxSessions: number) {
    this.#records = new LRUCache({ max: maxSessions });
  }

  async load(id: string, now: number): Promise<SessionRecord | undefined> {
    return this.#live(id, now);
  }

  async commit(id: string, patch: SessionPatch, now: number): Promise<CommitReceipt | undefined> {
    const record = this.#live(id, now);
    if (patch.mode === 'update' && record === undefined) return undefined;
    if (patch.mode === 'create' && record !== undefined) throw corruptError('A new session id', 'it is in use');
    const fields = mergedFields(record?.fields ?? new Map(), patch);
    const version = (record?.version ?? 0) + 1;
    const createdAt = record?.createdAt ?? patch.createdAt;
    this.#dropExpired(now);
    this.#records.set(id, { version, createdAt, touchedAt: now, expiresAt: patch.expiresAt, fields });
    return { version, sums: new Map([...patch.add.keys()].map((name) => [name, fields.get(name)!])) };
  }

  async touch(id: string, expiresAt: number, now: number): Promise<boolean> {
    const record = this.#live(id, now);
    if (record !== undefined) this.#records.set(id, { ...record, touchedAt: now, expiresAt });
    return record !== undefined;
  }

  async destroy(id: string, now: number): Promise<SessionRecord | undefined> {
    const record = this.#live(id, now);
    this.#records.delete(id);
    return record;
  }

  #live(id: string, now: number): SessionRecord | undefined {
    const record = this.#records.get(id);
    if (record === undefined || record.expiresAt > now) return record;
    this.#records.delete(id);
    return undefined;
  }

  /** Two out for one in: garbage can never build up, and no commit pays for more. */
  #dropExpired(now: number): void {
    for (let i = 0; i < 2; i++) {
      const oldest = this.#records.rkeys().next().value;
      if (oldest === undefined || this.#records.peek(oldest)!.expiresAt > now) return;
      this.#records.delete(oldest);
    }
  }
}
