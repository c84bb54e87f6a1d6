/**
 * A store in front of another one that may be away: calls fail at once instead of each waiting for its deadline, reads may be
 * answered from what is known, writes may be noted and handed over later, and what was acknowledged last is sent to a new master.
 *
 * Whether a call is answered here is decided by SESSION_STORE alone; any other error is an answer of the store. Three rules keep the
 * guarantees while two memories exist:
 * - A session that something is noted for is handed over before the store is asked for it again, so that a request reads what an
 *   earlier one wrote, and writes stay in their order.
 * - Only what is a change to something known is noted. Conditions (`expect`), new ids (`retire`), lists and revocations need the
 *   store. So does a new session of a principal: whether that principal was revoked meanwhile can only be told by the store.
 * - A new session whose making was sent and not answered is not noted: it might be destroyed elsewhere before it is made.
 */
import { randomFillSync } from 'node:crypto';
import { NO_CHANGES } from '../fields/merge.ts';
import type { CommitReceipt, Consistency, ListedSession, SessionPatch, SessionRecord, SessionStore } from '../store.ts';
import { Away } from './away.ts';
import { Journal, type KnownRecord, type NamedPatch } from './journal.ts';
import { KnownRecords } from './known-records.ts';
import { isAway, Presence, type StoreState } from './presence.ts';
import type { Ending } from './resend-ring.ts';
import { resolveResilientOptions, type ResilientOptions, type ResolvedResilientOptions } from './resilient-options.ts';

/** A store that copes with being away. */
export interface ResilientSessionStore extends SessionStore {
  peek(id: string, now: number): SessionRecord | undefined | null;
  readonly state: StoreState;
  /** Changes that wait for the store. */
  readonly journalled: number;
  /** Ends the work in the background. What still waits is lost. */
  close(): void;
}

/** Puts a store that copes with being away in front of one that does not. @throws INVALID_OPTIONS */
export function resilient(inner: SessionStore, options: ResilientOptions = {}): ResilientSessionStore {
  return new Resilient(inner, resolveResilientOptions(options));
}

class Resilient implements ResilientSessionStore {
  readonly #inner: SessionStore;
  readonly #journal: Journal;
  readonly #records: KnownRecords | undefined;
  readonly #away: Away;
  readonly #presence: Presence;

  constructor(inner: SessionStore, options: ResolvedResilientOptions) {
    const { whenDown, epoch, maxJournalled, changed } = options;
    this.#inner = inner;
    this.#journal = new Journal(maxJournalled);
    this.#records = whenDown === 'closed' && epoch === undefined ? undefined : new KnownRecords();
    this.#away = new Away(options, this.#journal, this.#records);
    this.#presence = new Presence(inner, options, this.#journal, (id) => {
      this.#records?.forget(id);
      changed(id);
    });
  }

  get state(): StoreState {
    return this.#presence.state;
  }

  get journalled(): number {
    return this.#journal.ops;
  }

  close(): void {
    this.#presence.close();
  }

  peek(id: string, now: number): SessionRecord | undefined | null {
    if (this.#inner.peek === undefined || this.#journal.get(id) !== undefined) return null;
    return this.#inner.peek(id, now);
  }

  async load(id: string, now: number, consistency: Consistency = 'bounded'): Promise<SessionRecord | undefined> {
    // What costs the store nothing says nothing about it either.
    const peeked = consistency === 'strong' ? null : this.peek(id, now);
    if (peeked !== null) return peeked;
    return this.#either(
      id,
      now,
      async () => {
        const record = await this.#presence.ask(() => this.#inner.load(id, now, consistency), now);
        this.#records?.loaded(id, record, now);
        return record;
      },
      (reason) => this.#away.load(id, now, reason),
    );
  }

  async commit(id: string, patch: SessionPatch, now: number): Promise<CommitReceipt | undefined> {
    // Only what may have to be sent again needs a name of its own.
    if (this.#records === undefined) {
      return this.#either(id, now, () => this.#presence.ask(() => this.#inner.commit(id, patch, now), now));
    }
    const named: NamedPatch = patch.name === undefined ? { ...patch, name: commitName() } : (patch as NamedPatch);
    let before: KnownRecord | undefined;
    let isSent = false;
    return this.#either(
      id,
      now,
      async () => {
        before = this.#away.before(id, now);
        isSent = true;
        const receipt = await this.#presence.ask(() => this.#inner.commit(id, named, now), now);
        this.#committed(id, named, before?.record, receipt, now);
        return receipt;
      },
      (reason) => this.#away.commit(id, named, isSent ? before : this.#away.before(id, now), isSent, now, reason),
    );
  }

  async touch(id: string, expiresAt: number, now: number): Promise<boolean> {
    const patch: NamedPatch = { mode: 'update', name: commitName(), createdAt: now, expiresAt, ...NO_CHANGES };
    return this.#either(
      id,
      now,
      () => this.#presence.ask(() => this.#inner.touch(id, expiresAt, now), now),
      (reason) => this.#away.touch(id, patch, now, reason),
    );
  }

  async destroy(id: string, now: number): Promise<SessionRecord | undefined> {
    return this.#either(
      id,
      now,
      async () => {
        const last = await this.#presence.ask(() => this.#inner.destroy(id, now), now);
        this.#ended(id, now, (store, at) => store.destroy(id, at));
        return last;
      },
      (reason) => this.#away.destroy(id, now, reason),
    );
  }

  async retire(id: string, until: number, now: number): Promise<SessionRecord | undefined> {
    return this.#either(id, now, async () => {
      const record = await this.#presence.ask(() => this.#inner.retire(id, until, now), now);
      this.#records?.forget(id);
      this.#presence.failover?.ended(now, (store, at) => store.retire(id, until, at));
      return record;
    });
  }

  async list(principal: string, now: number): Promise<readonly ListedSession[]> {
    return this.#either(undefined, now, () => this.#presence.ask(() => this.#inner.list(principal, now), now));
  }

  async end(key: string, now: number): Promise<boolean> {
    return this.#either(undefined, now, async () => {
      const wasThere = await this.#presence.ask(() => this.#inner.end(key, now), now);
      this.#presence.failover?.ended(now, (store, at) => store.end(key, at));
      return wasThere;
    });
  }

  async revoke(principal: string, now: number): Promise<void> {
    return this.#either(undefined, now, async () => {
      await this.#presence.ask(() => this.#inner.revoke(principal, now), now);
      // Which sessions were the principal's is not known here.
      this.#records?.clear();
      this.#presence.failover?.ended(now, (store, at) => store.revoke(principal, at));
    });
  }

  /**
   * Asks the store if it is there, and answers in its place if it is not.
   * @param id the session that must be handed over first, if something is noted for it
   */
  async #either<T>(
    id: string | undefined,
    now: number,
    ask: () => Promise<T>,
    answer: (reason: Error) => T = refuse,
  ): Promise<T> {
    this.#presence.called(now);
    if (this.#presence.isDown) return answer(this.#presence.unavailable());
    try {
      const entry = id === undefined ? undefined : this.#journal.get(id);
      if (entry !== undefined) await this.#presence.handOver(entry);
      return await ask();
    } catch (error) {
      if (!isAway(error)) throw error;
      const answered = answer(error);
      this.#presence.noted();
      return answered;
    }
  }

  #committed(
    id: string,
    patch: NamedPatch,
    before: SessionRecord | undefined,
    receipt: CommitReceipt | undefined,
    now: number,
  ): void {
    if (receipt === undefined) return this.#records?.forget(id);
    if (receipt.conflicts.size > 0) return;
    this.#records?.committed(id, before, patch, receipt, now);
    if (before !== undefined) this.#presence.failover?.committed(id, patch, before.fields, receipt.version, now);
  }

  #ended(id: string, now: number, repeat: Ending): void {
    this.#records?.forget(id);
    this.#presence.failover?.ended(now, repeat);
  }
}

function refuse(reason: Error): never {
  throw reason;
}

const NAME_BYTES = 6;
const names = Buffer.alloc(682 * NAME_BYTES);
let nextName = names.length;

/** 8 characters, as a store remembers them. Chance by the page: asking for it costs more than making a name of it. */
function commitName(): string {
  if (nextName === names.length) {
    randomFillSync(names);
    nextName = 0;
  }
  nextName += NAME_BYTES;
  return names.toString('base64url', nextName - NAME_BYTES, nextName);
}
