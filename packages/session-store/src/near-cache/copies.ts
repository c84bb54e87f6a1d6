/**
 * The copies of a near cache and the rules by which one may be answered: it was read in the lease's current epoch, the lease is not
 * over, and it is not too old. The rules need no answer from anybody, so the question costs two look-ups and a look at the clock.
 */
import type { SessionRecord } from '../store.ts';
import { Entries, type Entry } from './entries.ts';
import type { NearCacheOptions, NearCacheSource } from './options.ts';

/** Twice the longest deadline of a store: after that a write that was reported as failed can no longer take effect. */
const BARRED_MS = 120_000;

/** A session by its id and by what the store calls it. */
export interface Named {
  readonly id: string;
  readonly name: string;
}

/** Copies of sessions. */
export class Copies {
  readonly #source: NearCacheSource;
  readonly #lease: NearCacheSource['link']['lease'];
  readonly #options: Required<NearCacheOptions>;
  readonly #entries: Entries;
  readonly #recalled = new WeakSet<SessionRecord>();

  constructor(source: NearCacheSource, options: Required<NearCacheOptions>) {
    this.#source = source;
    this.#lease = source.link.lease;
    this.#options = options;
    this.#entries = new Entries(options);
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#entries.bytes;
  }

  /** What may be answered; `null` for nothing. */
  answer(id: string, now: number): SessionRecord | undefined | null {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.epoch !== this.#lease.epoch) return null;
    const at = this.#source.clock.now();
    if (at >= this.#lease.until || at >= entry.until) return null;
    const { record } = entry;
    // A session whose time is over may have been given more meanwhile: the store knows.
    return record !== undefined && record.expiresAt <= now ? null : record;
  }

  /** The last that was known, if it was known to be current no longer than `maxAgeMs` ago. */
  recall(id: string, now: number, maxAgeMs: number): SessionRecord | undefined {
    const entry = this.#entries.get(id);
    if (entry?.record === undefined || entry.record.expiresAt <= now) return undefined;
    const currentAt = Math.max(entry.readAt, this.#lease.confirmedAt(entry.epoch));
    if (this.#source.clock.now() - currentAt > maxAgeMs) return undefined;
    this.#recalled.add(entry.record);
    return entry.record;
  }

  /** True for a record that `recall` handed out: whoever brings it as the store's answer has not asked the store. */
  isRecalled(record: SessionRecord): boolean {
    return this.#recalled.has(record);
  }

  /** What the store calls a session that is here. */
  nameOf(id: string): string | undefined {
    return this.#entries.get(id)?.name;
  }

  /** What is here under a name, whether or not it may be answered. */
  named(name: string): Entry | undefined {
    return this.#entries.named(name);
  }

  /** What is here under a name and was read in the current epoch. */
  current(name: string): Entry | undefined {
    const entry = this.#entries.named(name);
    return entry?.epoch === this.#lease.epoch ? entry : undefined;
  }

  /** Keeps what was read or written in the current epoch. @param until when it is to be read anew. @default by its age */
  keep({ id, name }: Named, record: SessionRecord | undefined, until: number = Infinity): void {
    const at = this.#source.clock.now();
    const barredUntil = this.#entries.named(name)?.barredUntil ?? 0;
    const lifeMs = record === undefined ? this.#options.absentMs : this.#options.maxAgeMs;
    this.#entries.set({
      id,
      name,
      principal: record?.principal === undefined ? undefined : this.#source.names.principal(record.principal),
      record,
      epoch: this.#lease.epoch,
      readAt: at,
      until: barredUntil > at ? 0 : Math.min(until, at + lifeMs),
      barredUntil,
    });
  }

  /** The session was given more time. Says nothing about its fields. */
  prolong(name: string, touchedAt: number, expiresAt: number): void {
    const entry = this.#entries.named(name);
    if (entry?.record !== undefined) this.#entries.set({ ...entry, record: { ...entry.record, touchedAt, expiresAt } });
  }

  /**
   * Nothing is answered for a while: a write may still take effect, and nobody would say so. What is known stays for `recall`.
   * @param known undefined if even that must not be shown any more
   */
  bar({ id, name }: Named, known: Entry | undefined): void {
    const at = this.#source.clock.now();
    const { record, principal, epoch = 0, readAt = at } = known ?? {};
    this.#entries.set({ id, name, principal, record, epoch, readAt, until: 0, barredUntil: at + BARRED_MS });
  }

  /** Forgets a session. What is barred stays so. False if nothing was known. */
  drop(name: string): boolean {
    const entry = this.#entries.named(name);
    if (entry === undefined) return false;
    if (entry.barredUntil <= this.#source.clock.now()) return this.#entries.drop(name);
    this.#entries.set({ ...entry, principal: undefined, record: undefined });
    return entry.record !== undefined;
  }

  /** Forgets the sessions of a principal, by its name, and says how many. */
  dropAllOf(principal: string): number {
    const names = this.#entries.namesOf(principal);
    for (const name of names) this.drop(name);
    return names.length;
  }

  /** Forgets everything, and says how many. */
  clear(): number {
    const { size } = this.#entries;
    this.#entries.clear();
    return size;
  }
}
