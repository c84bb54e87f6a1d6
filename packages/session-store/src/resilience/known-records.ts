/**
 * What this process has last seen of sessions, for two questions that come when it is too late to ask the store: what did a commit
 * start from, and what may a session be taken to hold while the store is away.
 *
 * A record is exact if it is what the store held at its version. After a commit on top of others that this process has not seen, the
 * fields of that commit are known and the rest may be old: enough to compare with, not enough to show.
 */
import { LRUCache } from 'lru-cache';
import { mergedFields } from '../fields/merge.ts';
import type { CommitReceipt, SessionPatch, SessionRecord } from '../store.ts';
import type { KnownRecord } from './journal.ts';

const MAX_RECORDS = 10_000;
const MAX_CHARACTERS = 16 * 1_048_576;

interface Remembered extends KnownRecord {
  readonly isExact: boolean;
}

/** The least recently used go first, by count and by characters. */
export class KnownRecords {
  readonly #records = new LRUCache<string, Remembered>({
    max: MAX_RECORDS,
    maxSize: MAX_CHARACTERS,
    sizeCalculation: ({ record }) => charactersOf(record),
  });

  /** What the store has answered to a load. */
  loaded(id: string, record: SessionRecord | undefined, at: number): void {
    if (record === undefined) this.#records.delete(id);
    else this.#records.set(id, { record, at, isExact: true });
  }

  /** What the store has answered to a commit. `before`: what was known when it was sent. O(fields). */
  committed(
    id: string,
    before: SessionRecord | undefined,
    patch: SessionPatch,
    { version, sums }: CommitReceipt,
    now: number,
  ): void {
    const last = this.#records.peek(id);
    const isExact = version === (before?.version ?? 0) + 1 && (last === undefined || last.isExact);
    const base = newer(last?.record, before);
    if (base === undefined && patch.mode === 'update') return;
    const { createdAt, principal } = base ?? patch;
    const set = new Map([...patch.set, ...sums]);
    const fields = mergedFields(base?.fields ?? new Map(), { set, remove: patch.remove, add: new Map() });
    const { expiresAt } = patch;
    const record = { version, createdAt, touchedAt: now, expiresAt, principal, isRetired: false, fields };
    // The answer of an earlier commit may come after that of a later one.
    if (last === undefined || last.record.version < version) this.#records.set(id, { record, at: now, isExact });
    else this.#records.delete(id);
  }

  /** Something to compare with. */
  known(id: string): KnownRecord | undefined {
    return this.#records.get(id);
  }

  /** Something to show: exact, and not older than `maxAgeMs`. */
  shown(id: string, now: number, maxAgeMs: number): KnownRecord | undefined {
    const known = this.#records.get(id);
    return known?.isExact === true && now - known.at <= maxAgeMs ? known : undefined;
  }

  forget(id: string): void {
    this.#records.delete(id);
  }

  clear(): void {
    this.#records.clear();
  }
}

function newer(a: SessionRecord | undefined, b: SessionRecord | undefined): SessionRecord | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.version >= b.version ? a : b;
}

function charactersOf({ fields }: SessionRecord): number {
  let count = 1;
  for (const [name, value] of fields) count += name.length + value.length;
  return count;
}
