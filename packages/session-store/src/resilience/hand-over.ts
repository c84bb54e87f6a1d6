/**
 * Hands a journal over to the store: destroys first, then the commits of each session in their order, a few sessions at a time. A
 * session is handed over by one caller at a time; whoever else wants it meanwhile waits for the same hand-over.
 */
import { isBalancerError } from '@evenkeel/core';
import { sessionChannels, type SessionConflictMessage } from '../channels.ts';
import { sessionKey } from '../session-key.ts';
import type { SessionStore } from '../store.ts';
import type { Decide } from './conflict.ts';
import type { Journal, JournalEntry } from './journal.ts';
import { inParallel } from './resend-ring.ts';
import { type Sent, sendBatch } from './send-batch.ts';

/** What a hand-over needs. */
export interface HandOverContext {
  /** Its failures count like all others. */
  readonly store: SessionStore;
  readonly journal: Journal;
  readonly decide: Decide;
  /** Milliseconds since the epoch. */
  now(): number;
  /** The session was written to, past everybody who keeps copies. */
  changed(id: string): void;
}

/** The hand-over of one journal. */
export class HandOver {
  readonly #context: HandOverContext;
  /** Changes handed over, and changes dropped, so far. */
  replayed = 0;
  dropped = 0;

  constructor(context: HandOverContext) {
    this.#context = context;
  }

  /** Everything, what is destroyed first: nobody is to meet it any longer than need be. @throws SESSION_STORE if the store does not answer: the rest waits */
  async all(): Promise<void> {
    const entries = this.#context.journal.entries();
    await inParallel(
      entries.filter(({ isDestroyed }) => isDestroyed),
      (entry) => this.session(entry),
    );
    await inParallel(
      entries.filter(({ isDestroyed }) => !isDestroyed),
      (entry) => this.session(entry),
    );
  }

  /** One session. @throws SESSION_STORE if the store does not answer: the rest waits */
  session(entry: JournalEntry): Promise<void> {
    entry.sending ??= this.#send(entry).finally(() => (entry.sending = undefined));
    return entry.sending;
  }

  async #send(entry: JournalEntry): Promise<void> {
    const { store, journal, now, changed } = this.#context;
    const { id } = entry;
    try {
      // A destroy may come while a commit is being sent. It leaves no other.
      for (let batch = entry.batches[0]; batch !== undefined; batch = entry.batches[0]) {
        const sent = await sendBatch(store, id, batch, this.#context.decide, now());
        journal.settle(entry, batch);
        this.#tell(entry, sent);
      }
      if (entry.isDestroyed) {
        await store.destroy(id, now());
        this.replayed++;
      }
    } catch (error) {
      if (isBalancerError(error) && error.code === 'SESSION_STORE') throw error;
      // What lies there is not a session of ours: nobody could ever hand anything over to it.
      this.dropped += entry.batches.reduce((count, { base }) => count + base.size, 0);
    }
    journal.drop(entry);
    changed(id);
  }

  #tell({ id, shown }: JournalEntry, { receipt, applied, dropped, conflicts }: Sent): void {
    this.replayed += applied;
    this.dropped += dropped;
    const { conflict } = sessionChannels;
    if (!conflict.hasSubscribers) return;
    for (const [field, kept] of conflicts) {
      const { principal } = shown ?? {};
      const message: SessionConflictMessage = {
        key: sessionKey(id),
        principal,
        version: receipt?.version,
        field,
        kept,
      };
      conflict.publish(message);
    }
  }
}
