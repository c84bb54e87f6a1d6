/**
 * What was written while the store was away, until it has been handed over. It is this process's memory: what it holds is lost with
 * the process, which is the price of answering without the store.
 *
 * Per session there is the state as the application is to see it (what was known, with all that was written since), and the commits
 * that lead there, oldest first. Changes join the last commit as long as it has not been sent. A session that was destroyed keeps
 * nothing but that: its commits are void, no later one is taken, and whoever asks is told that it is gone.
 *
 * Bounded by operations and by characters. What does not fit is refused, like everything while the store is down, and never
 * forgotten in silence; a destroy always fits into what the session's own commits leave behind.
 */
import { acceptance, mergedFields } from '../fields/merge.ts';
import type { CommitReceipt, SessionPatch, SessionRecord } from '../store.ts';
import { addToBatch, type Batch, batchOf, charactersOf, opsOf } from './batch.ts';

/** A session that something was written to. */
export interface JournalEntry {
  readonly id: string;
  /** The session as the application is to see it; undefined if it was destroyed. */
  shown: SessionRecord | undefined;
  /** When the store last said what this is based on, in ms since the epoch; undefined if it never knew of the session. */
  readonly knownAt: number | undefined;
  /** The version that this is based on. */
  readonly baseVersion: number;
  isDestroyed: boolean;
  /** Oldest first. */
  batches: Batch[];
  /** The hand-over that is under way. */
  sending: Promise<void> | undefined;
}

/** A record, and when the store said so. */
export interface KnownRecord {
  readonly record: SessionRecord;
  readonly at: number;
}

/** A patch with a name. */
export type NamedPatch = SessionPatch & { readonly name: string };

const MAX_CHARACTERS = 64 * 1_048_576;

/** The journal of one store. */
export class Journal {
  readonly #entries = new Map<string, JournalEntry>();
  readonly #maxOps: number;
  #ops = 0;
  #characters = 0;
  #sweptAt = -Infinity;

  constructor(maxOps: number) {
    this.#maxOps = maxOps;
  }

  /** Operations that wait. */
  get ops(): number {
    return this.#ops;
  }

  get(id: string): JournalEntry | undefined {
    return this.#entries.get(id);
  }

  /** All entries. O(sessions). */
  entries(): JournalEntry[] {
    return [...this.#entries.values()];
  }

  /**
   * Takes a commit. O(fields).
   * @param isSent whether it was sent and not answered
   * @returns undefined if the session is gone, as a store says it
   * @throws SESSION_FIELD as a store does
   */
  commit(
    id: string,
    patch: NamedPatch,
    known: KnownRecord | undefined,
    isSent: boolean,
    now: number,
  ): CommitReceipt | 'full' | undefined {
    const entry = this.#entries.get(id) ?? newEntry(id, patch, known, now);
    const { shown } = entry;
    if (shown === undefined || shown.isRetired || shown.expiresAt <= now) return undefined;
    const fields = mergedFields(shown.fields, patch);
    const last = entry.batches.at(-1);
    const isJoining = !isSent && last !== undefined && !last.isSent;
    const batch = isJoining ? copied(last) : batchOf(patch, shown.fields, entry.baseVersion, isSent);
    if (isJoining) addToBatch(batch, patch, shown.fields);
    const batches = isJoining ? [...entry.batches.slice(0, -1), batch] : [...entry.batches, batch];
    if (!this.#fits(entry, batches) && (!this.#sweep(now) || !this.#fits(entry, batches))) return 'full';
    this.#replace(entry, batches);
    entry.shown = { ...shown, fields, touchedAt: now, expiresAt: patch.expiresAt };
    return acceptance(entry.baseVersion, new Map([...patch.add.keys()].map((name) => [name, fields.get(name)!])));
  }

  /** Notes that a session is to be destroyed. @returns the entry, or `full` */
  destroy(id: string, known: KnownRecord | undefined): JournalEntry | 'full' {
    const entry = this.#entries.get(id) ?? entryOf(id, known?.record, known?.at);
    const isLocal =
      entry.knownAt === undefined && entry.batches.length > 0 && !entry.batches.some(({ isSent }) => isSent);
    if (entry.batches.length === 0 && !entry.isDestroyed && this.#ops >= this.#maxOps) return 'full';
    this.#replace(entry, []);
    if (!entry.isDestroyed) this.#ops++;
    entry.isDestroyed = true;
    entry.shown = undefined;
    // The store has never heard of it.
    if (isLocal) this.drop(entry);
    return entry;
  }

  /** Takes a commit out that has been handed over. */
  settle(entry: JournalEntry, batch: Batch): void {
    if (!entry.batches.includes(batch)) return;
    this.#replace(
      entry,
      entry.batches.filter((other) => other !== batch),
    );
  }

  /** Forgets a session. */
  drop(entry: JournalEntry): void {
    if (this.#entries.get(entry.id) !== entry) return;
    this.#replace(entry, []);
    if (entry.isDestroyed) this.#ops--;
    this.#entries.delete(entry.id);
  }

  /** Drops what is over: nobody would take it any more. At most once a second, for it walks through everything. */
  #sweep(now: number): boolean {
    if (now < this.#sweptAt + 1_000) return false;
    this.#sweptAt = now;
    for (const entry of this.#entries.values()) {
      const isOver = entry.batches.every(({ expiresAt }) => expiresAt <= now);
      if (isOver && !entry.isDestroyed && entry.sending === undefined) this.drop(entry);
    }
    return true;
  }

  #fits(entry: JournalEntry, batches: readonly Batch[]): boolean {
    const [before, after] = [sizeOf(entry.batches), sizeOf(batches)];
    if (after.ops > before.ops && this.#ops - before.ops + after.ops > this.#maxOps) return false;
    const isLarger = after.characters > before.characters;
    return !isLarger || this.#characters - before.characters + after.characters <= MAX_CHARACTERS;
  }

  #replace(entry: JournalEntry, batches: Batch[]): void {
    const [before, after] = [sizeOf(entry.batches), sizeOf(batches)];
    this.#ops += after.ops - before.ops;
    this.#characters += after.characters - before.characters;
    entry.batches = batches;
    this.#entries.set(entry.id, entry);
  }
}

function entryOf(id: string, shown: SessionRecord | undefined, knownAt: number | undefined): JournalEntry {
  const baseVersion = shown?.version ?? 0;
  return { id, shown, knownAt, baseVersion, isDestroyed: false, batches: [], sending: undefined };
}

function newEntry(id: string, patch: SessionPatch, known: KnownRecord | undefined, now: number): JournalEntry {
  if (patch.mode === 'update') return entryOf(id, known?.record, known?.at);
  const { createdAt, expiresAt, principal } = patch;
  const record = { version: 0, createdAt, touchedAt: now, expiresAt, principal, isRetired: false, fields: new Map() };
  return entryOf(id, record, undefined);
}

/** A copy that may be changed without a half change if it does not fit. */
function copied(batch: Batch): Batch {
  const { set, remove, add, base } = batch;
  return { ...batch, set: new Map(set), remove: new Set(remove), add: new Map(add), base: new Map(base) };
}

function sizeOf(batches: readonly Batch[]): { ops: number; characters: number } {
  let [ops, characters] = [0, 0];
  for (const batch of batches) {
    ops += opsOf(batch);
    characters += charactersOf(batch);
  }
  return { ops, characters };
}
