/**
 * Notices that the store's master is another one, and sends it what the old one acknowledged last (`resend-ring.ts`).
 *
 * The question is asked whenever the connection has become ready, and after every failure, since a Cluster changes masters without a
 * new connection of its own. From that moment until the answer the ring forgets nothing: an outage may be longer than its window.
 */
import type { EpochSource } from './redis-epoch.ts';
import type { NamedPatch } from './journal.ts';
import { type Ending, type Resent, type ResendContext, ResendRing } from './resend-ring.ts';

/** Questions without an answer after which nobody asks until there is a new reason: not every server tells. */
const MAX_QUESTIONS = 5;
const NOTHING: Resent = { applied: 0, dropped: 0 };

/** Watches one store for a change of masters. */
export class Failover {
  readonly #source: EpochSource;
  readonly #ring: ResendRing;
  readonly #unwatch: () => void;
  #epoch: string | undefined;
  /** Questions to be asked at most before somebody gives a new reason. */
  #questions = 0;
  /** When the store had last answered before there was doubt, in ms since the epoch. */
  #lastAnswerAt = 0;

  /** @param askSoon `catchUp` is due */
  constructor(source: EpochSource, resendMs: number, askSoon: () => void) {
    this.#source = source;
    this.#ring = new ResendRing(resendMs);
    this.#unwatch = source.watch(() => {
      this.suspect();
      askSoon();
    });
  }

  /** Whether `catchUp` has something to ask. */
  get isDue(): boolean {
    return this.#questions > 0;
  }

  close(): void {
    this.#unwatch();
  }

  /** It may be another master from now on. */
  suspect(): void {
    this.#ring.prune(this.#lastAnswerAt);
    this.#questions = MAX_QUESTIONS;
  }

  /** The store has answered, at `now`. */
  answered(now: number): void {
    if (this.#questions === 0) this.#lastAnswerAt = now;
  }

  committed(id: string, patch: NamedPatch, before: ReadonlyMap<string, string>, version: number, now: number): void {
    this.#ring.committed(id, patch, before, version, now);
    if (this.#questions === 0) this.#ring.prune(now);
  }

  ended(now: number, repeat: Ending): void {
    this.#ring.ended(now, repeat);
    if (this.#questions === 0) this.#ring.prune(now);
  }

  /** Asks, and sends if the answer is a new one. @throws SESSION_STORE if the store fails meanwhile: to be called again then */
  async catchUp(context: ResendContext): Promise<Resent> {
    if (this.#questions === 0) return NOTHING;
    const asked = this.#questions--;
    let epoch: string;
    try {
      epoch = await this.#source.ask();
    } catch {
      return NOTHING;
    }
    const isNew = this.#epoch !== undefined && this.#epoch !== epoch;
    // If this fails, the failure has given a new reason to ask.
    const resent = isNew ? await this.#ring.resend(context) : NOTHING;
    this.#epoch = epoch;
    // A new reason that came meanwhile is asked about again.
    if (this.#questions < asked) this.#questions = 0;
    return resent;
  }
}
