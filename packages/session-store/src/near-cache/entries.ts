/**
 * The sessions that this process remembers, bounded by bytes: found by id, since that is what a request brings, and by the name that
 * the store gave the session, since that is what the news of a change brings.
 */
import { LRUCache } from 'lru-cache';
import type { SessionRecord } from '../store.ts';

/** What is known of one session. */
export interface Entry {
  readonly id: string;
  /** What the store calls the session. */
  readonly name: string;
  /** What the store calls the session's principal, if it has one. */
  readonly principal: string | undefined;
  /** Undefined if there is no such session. */
  readonly record: SessionRecord | undefined;
  /** The epoch of the lease in which it was read. */
  readonly epoch: number;
  readonly readAt: number;
  /** Not to be answered from this moment on; 0 for never. */
  readonly until: number;
  /** Neither this nor what takes its place is to be answered before this moment. */
  readonly barredUntil: number;
}

/** The bounds of `Entries`. */
export interface EntriesOptions {
  readonly maxBytes: number;
  readonly maxEntryBytes: number;
}

/** Measured on V8: what an entry and its places in the indexes take besides the fields, and what one field takes besides its texts. */
const BYTES_PER_ENTRY = 800;
const BYTES_PER_FIELD = 80;

/** Least recently used first out. All methods are O(1) unless they say otherwise. */
export class Entries {
  readonly #byId: LRUCache<string, Entry>;
  readonly #byName = new Map<string, Entry>();
  readonly #byPrincipal = new Map<string, Set<Entry>>();

  constructor({ maxBytes, maxEntryBytes }: EntriesOptions) {
    this.#byId = new LRUCache({
      maxSize: maxBytes,
      maxEntrySize: Math.min(maxBytes, maxEntryBytes),
      sizeCalculation: bytesOf,
      dispose: (entry) => this.#forget(entry),
    });
  }

  get size(): number {
    return this.#byId.size;
  }

  get bytes(): number {
    return this.#byId.calculatedSize;
  }

  /** By id; counts as a use. */
  get(id: string): Entry | undefined {
    return this.#byId.get(id);
  }

  /** By name; does not count as a use. */
  named(name: string): Entry | undefined {
    return this.#byName.get(name);
  }

  /** Puts an entry in the place of the one of the same id. One that is larger than the cap is not kept, and neither is the old one. */
  set(entry: Entry): void {
    this.#byId.set(entry.id, entry);
    if (this.#byId.peek(entry.id) !== entry) return;
    this.#byName.set(entry.name, entry);
    if (entry.principal === undefined) return;
    const entries = this.#byPrincipal.get(entry.principal);
    if (entries === undefined) this.#byPrincipal.set(entry.principal, new Set([entry]));
    else entries.add(entry);
  }

  /** False if there was none. */
  drop(name: string): boolean {
    const entry = this.#byName.get(name);
    return entry !== undefined && this.#byId.delete(entry.id);
  }

  /** The names of a principal's sessions, by its own. O(sessions of the principal) */
  namesOf(principal: string): string[] {
    return [...(this.#byPrincipal.get(principal) ?? [])].map(({ name }) => name);
  }

  /** O(entries) */
  clear(): void {
    this.#byId.clear();
  }

  #forget(entry: Entry): void {
    if (this.#byName.get(entry.name) === entry) this.#byName.delete(entry.name);
    if (entry.principal === undefined) return;
    const entries = this.#byPrincipal.get(entry.principal);
    entries?.delete(entry);
    if (entries?.size === 0) this.#byPrincipal.delete(entry.principal);
  }
}

/** About as many bytes as the entry takes on the heap. O(fields) */
function bytesOf({ record }: Entry): number {
  let bytes = BYTES_PER_ENTRY;
  if (record === undefined) return bytes;
  for (const [name, text] of record.fields)
    bytes += BYTES_PER_FIELD + Buffer.byteLength(name) + Buffer.byteLength(text);
  return bytes;
}
