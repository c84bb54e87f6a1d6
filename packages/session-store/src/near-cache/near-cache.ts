/**
 * A store in front of another one that answers reads from memory. It may do so because it hears of every change that others make
 * (`tracking-link.ts` for Redis) and makes its own writes through here; and because what it has heard is confirmed so often that a
 * copy is never staler than the lease, not even when the network breaks without a sign.
 *
 * One process never reads backwards: an answer that shows a newer version than the copy takes the copy's place, an older one never
 * does. After a write of its own it reads that write or a later one.
 *
 * It belongs next to the store: each write that the store sees over the link's connection must pass through here, since news of those
 * does not come back. Whoever writes around it says `forget` when that is done.
 * @see https://redis.io/docs/latest/develop/reference/client-side-caching/
 */
import { sessionKey } from '../session-key.ts';
import type { CommitReceipt, Consistency, ListedSession, SessionPatch, SessionRecord, SessionStore } from '../store.ts';
import { type Commit, isNews, isUnsure, recordAfter } from './commits.ts';
import { Copies, type Named } from './copies.ts';
import { type Flight, Flights, passBy } from './flights.ts';
import { resolveNearCacheOptions } from './options.ts';
import type { NearCache, NearCacheOptions, NearCacheSource, NearCacheStats } from './options.ts';

/**
 * Puts a near cache in front of a store. A read from memory takes well below a microsecond and makes nothing.
 * @throws INVALID_OPTIONS
 */
export function nearCache(inner: SessionStore, source: NearCacheSource, options: NearCacheOptions = {}): NearCache {
  return new NearCacheStore(inner, source, resolveNearCacheOptions('nearCache', options));
}

class NearCacheStore implements NearCache {
  readonly #inner: SessionStore;
  readonly #source: NearCacheSource;
  readonly #copies: Copies;
  readonly #flights = new Flights();
  readonly #counts = { hits: 0, misses: 0, shared: 0, overtaken: 0, dropped: 0 };

  constructor(inner: SessionStore, source: NearCacheSource, options: Required<NearCacheOptions>) {
    this.#inner = inner;
    this.#source = source;
    this.#copies = new Copies(source, options);
    source.link.listen({ changed: (name) => this.#changed(name), changedAll: () => this.#changedAll() });
  }

  peek(id: string, now: number): SessionRecord | undefined | null {
    const answer = this.#copies.answer(id, now);
    if (answer !== null) this.#counts.hits++;
    return answer;
  }

  async load(id: string, now: number, consistency: Consistency = 'bounded'): Promise<SessionRecord | undefined> {
    if (consistency === 'strong') return this.#read(id, now, consistency);
    const known = this.peek(id, now);
    if (known !== null) return known;
    const shared = this.#flights.of(this.#nameOf(id))?.shared;
    if (shared === undefined) return this.#read(id, now, consistency);
    this.#counts.shared++;
    const record = await shared;
    return record !== undefined && record.expiresAt > now ? record : undefined;
  }

  async commit(id: string, patch: SessionPatch, now: number): Promise<CommitReceipt | undefined> {
    const session = { id, name: this.#nameOf(id) };
    const sentIn = this.#source.link.lease.epoch;
    const write = async (flight: Flight): Promise<CommitReceipt | undefined> => {
      const { turn } = flight;
      const receipt = await this.#inner.commit(id, patch, now);
      if (receipt === undefined) this.#copies.drop(session.name);
      else this.#afterCommit(session, { patch, receipt, now }, this.#isHeardSince(sentIn), flight.turn === turn);
      return receipt;
    };
    return this.#write(session.name, write, () => this.#copies.bar(session, this.#copies.named(session.name)));
  }

  async touch(id: string, expiresAt: number, now: number): Promise<boolean> {
    const isThere = await this.#inner.touch(id, expiresAt, now);
    const name = this.#nameOf(id);
    if (isThere) this.#copies.prolong(name, now, expiresAt);
    else this.#copies.drop(name);
    return isThere;
  }

  async destroy(id: string, now: number): Promise<SessionRecord | undefined> {
    return this.#end(this.#nameOf(id), id, () => this.#inner.destroy(id, now));
  }

  async retire(id: string, until: number, now: number): Promise<SessionRecord | undefined> {
    return this.#end(this.#nameOf(id), id, () => this.#inner.retire(id, until, now));
  }

  async end(key: string, now: number): Promise<boolean> {
    const name = this.#source.names.ofDigest(key);
    return this.#end(name, this.#copies.named(name)?.id, () => this.#inner.end(key, now));
  }

  async list(principal: string, now: number): Promise<readonly ListedSession[]> {
    const sessions = await this.#inner.list(principal, now);
    for (const { key, record } of sessions) {
      const name = this.#source.names.ofDigest(key);
      if (isNews(record, this.#copies.named(name)?.record)) this.#copies.drop(name);
    }
    return sessions;
  }

  async revoke(principal: string, now: number): Promise<void> {
    const name = this.#source.names.principal(principal);
    this.#changedPrincipal(name);
    try {
      await this.#inner.revoke(principal, now);
    } finally {
      this.#changedPrincipal(name);
    }
  }

  recall(id: string, now: number, maxAgeMs: number): SessionRecord | undefined {
    return this.#copies.recall(id, now, maxAgeMs);
  }

  forget(id: string): void {
    const name = this.#nameOf(id);
    this.#flights.overtake(name);
    this.#copies.drop(name);
  }

  stats(): NearCacheStats {
    const { clock, link } = this.#source;
    const { size: entries, bytes } = this.#copies;
    return { ...this.#counts, entries, bytes, isLive: clock.now() < link.lease.until };
  }

  /** A name is a digest away; whoever has a copy has it already. */
  #nameOf(id: string): string {
    return this.#copies.nameOf(id) ?? this.#source.names.ofDigest(sessionKey(id));
  }

  /** True if every change since a command was sent in that epoch has been or will be heard. */
  #isHeardSince(epoch: number): boolean {
    return epoch !== 0 && epoch === this.#source.link.lease.epoch;
  }

  /** Asks the store, and keeps the answer unless something overtook it. */
  #read(id: string, now: number, consistency: Consistency): Promise<SessionRecord | undefined> {
    this.#counts.misses++;
    const name = this.#nameOf(id);
    const flight = this.#flights.enter(name);
    const { turn } = flight;
    const isAlone = flight.writes === 0;
    const sentIn = this.#source.link.lease.epoch;
    const ask = async (): Promise<SessionRecord | undefined> => {
      try {
        const record = await this.#inner.load(id, now, consistency);
        return this.#afterRead({ id, name }, record, isAlone && flight.turn === turn && this.#isHeardSince(sentIn));
      } finally {
        // Who comes from now on must not get an older answer than this one.
        flight.shared = undefined;
        this.#flights.leave(name, flight);
      }
    };
    const reading = ask();
    if (consistency === 'bounded') flight.shared = reading;
    return reading;
  }

  /** Keeps what was read, unless changes to it may have gone unheard. Gives the newest that is known. */
  #afterRead(session: Named, record: SessionRecord | undefined, isHeard: boolean): SessionRecord | undefined {
    if (!isHeard) {
      this.#counts.overtaken++;
      if (isNews(record, this.#copies.named(session.name)?.record)) this.#copies.drop(session.name);
      return record;
    }
    const current = this.#copies.current(session.name)?.record;
    if (record !== undefined && current !== undefined && current.version > record.version) return current;
    // Something between here and the store may help itself to what is recalled; that is no news.
    if (record === undefined || !this.#copies.isRecalled(record)) this.#copies.keep(session, record);
    return record;
  }

  /** Runs a write; `unsure` when nobody knows whether it took effect. What is read meanwhile is not kept. */
  async #write<T>(name: string, work: (flight: Flight) => Promise<T>, unsure: () => void): Promise<T> {
    const flight = this.#flights.enter(name);
    flight.writes++;
    passBy(flight);
    try {
      return await work(flight);
    } catch (error) {
      if (isUnsure(error)) unsure();
      else this.#copies.drop(name);
      throw error;
    } finally {
      flight.writes--;
      flight.shared = undefined;
      this.#flights.leave(name, flight);
    }
  }

  #afterCommit(session: Named, commit: Commit, isHeard: boolean, isAlone: boolean): void {
    const { version, conflicts } = commit.receipt;
    const known = this.#copies.current(session.name);
    if (conflicts.size > 0) {
      // Nothing was stored. What it met may be newer than what is here.
      if (known?.record?.version !== version) this.#copies.drop(session.name);
      return;
    }
    const record = recordAfter(known?.record, commit);
    // A change by somebody else has taken the copy away; without one there is nothing to tell whether there was such a change.
    const isKnown = known?.record !== undefined || isAlone;
    if (record === undefined || !isHeard || !isKnown) this.#copies.drop(session.name);
    else this.#copies.keep(session, record, known?.record === undefined ? undefined : known.until);
  }

  /** Runs a write after which nothing is to be answered from memory, nor while it is under way. */
  #end<T>(name: string, id: string | undefined, work: () => Promise<T>): Promise<T> {
    const unsure = (): void => {
      if (id !== undefined) this.#copies.bar({ id, name }, undefined);
    };
    this.#copies.drop(name);
    return this.#write(
      name,
      async () => {
        const result = await work();
        this.#copies.drop(name);
        return result;
      },
      unsure,
    );
  }

  #changed(name: string): void {
    const isUnderWay = this.#flights.of(name) !== undefined;
    this.#flights.overtake(name);
    if (this.#copies.drop(name)) this.#counts.dropped++;
    // Not a session that is known here, so it may be a principal.
    else if (!isUnderWay) this.#changedPrincipal(name);
  }

  /** Whose sessions the reads under way are about to bring is not known yet, so none of them is kept. */
  #changedPrincipal(name: string): void {
    this.#flights.overtakeAll();
    this.#counts.dropped += this.#copies.dropAllOf(name);
  }

  #changedAll(): void {
    this.#flights.overtakeAll();
    this.#counts.dropped += this.#copies.clear();
  }
}
