/**
 * Whether the store is there: every call to it is counted here, it is tried again from here while it is down, and from here it gets
 * what it has missed when it is back. Publishes `degraded` when it is taken for down and `recovered` when it has everything.
 */
import { BalancerError, isBalancerError } from '@evenkeel/core';
import { sessionChannels, type StoreDegradedMessage, type StoreRecoveredMessage } from '../channels.ts';
import type { SessionStore } from '../store.ts';
import { storeError } from '../store-error.ts';
import { breaker, type Breaker } from './breaker.ts';
import { decider } from './conflict.ts';
import { Failover } from './failover.ts';
import { HandOver } from './hand-over.ts';
import type { Journal, JournalEntry } from './journal.ts';
import type { ResendContext } from './resend-ring.ts';
import type { ResolvedResilientOptions } from './resilient-options.ts';
import { assertWritable, type Trials, trials } from './trials.ts';

/** `up`: the store is asked. `down`: it is not. `replaying`: it is, and what was noted meanwhile is being handed over. */
export type StoreState = 'up' | 'down' | 'replaying';

/** How long after a failure the store is looked after, in ms. */
const RETRY_MS = 100;

/** The presence of one store. */
export class Presence {
  /** Present if new masters are to be noticed. */
  readonly failover: Failover | undefined;
  readonly #options: ResolvedResilientOptions;
  readonly #breaker: Breaker;
  readonly #trials: Trials;
  readonly #journal: Journal;
  readonly #handOver: HandOver;
  /** What to add to the clock for milliseconds since the epoch, by the latest call. */
  #timeOffset = 0;
  /** On the clock; undefined while all is well. */
  #downSince: number | undefined;

  /** @param forget called for each session that is written to from here */
  constructor(inner: SessionStore, options: ResolvedResilientOptions, journal: Journal, forget: (id: string) => void) {
    const { epoch, clock, random, onConflict, resendMs } = options;
    this.#options = options;
    this.#breaker = breaker(random);
    this.#journal = journal;
    const store = guarded(inner, (call) => this.ask(call, this.#now()));
    const now = (): number => this.#now();
    const wait = (ms: number): Promise<void> => new Promise((resolve) => void clock.schedule(ms, resolve, true));
    const decide = decider(onConflict);
    this.#handOver = new HandOver({ store, journal, decide, now, changed: forget });
    this.#trials = trials(this.#breaker, clock, {
      isThere: () => assertWritable(inner, this.#now()),
      catchUp: () => this.#catchUp({ store, now, wait, changed: forget }),
    });
    this.failover = epoch && new Failover(epoch, resendMs, () => this.#trials.soon(0));
  }

  get isDown(): boolean {
    return this.#breaker.isDown;
  }

  get state(): StoreState {
    if (this.#breaker.isDown) return 'down';
    return this.#downSince === undefined ? 'up' : 'replaying';
  }

  close(): void {
    this.#trials.close();
    this.failover?.close();
  }

  /** Somebody calls, and says what time it is. */
  called(now: number): void {
    this.#timeOffset = now - this.#options.clock.now();
  }

  /** One call to the store, and what it says about the store. @throws SESSION_STORE for every failure that is not of this library */
  async ask<T>(call: () => Promise<T>, now: number): Promise<T> {
    try {
      const reply = await call();
      this.#breaker.succeeded();
      this.failover?.answered(now);
      return reply;
    } catch (cause) {
      const error = storeError('The session store failed', cause);
      if (isAway(error)) this.#failed(error);
      else this.#breaker.succeeded();
      throw error;
    }
  }

  /** Hands over what is noted for a session. @throws SESSION_STORE */
  handOver(entry: JournalEntry): Promise<void> {
    return this.#handOver.session(entry);
  }

  /** Something may have been noted: it is not to wait for the next call. */
  noted(): void {
    if (this.#journal.ops > 0) this.#trials.soon(RETRY_MS);
  }

  /** Why the store is not asked. */
  unavailable(): BalancerError {
    const waitMs = Math.max(0, (this.#trials.dueAt ?? 0) - this.#options.clock.now());
    const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1_000));
    return new BalancerError('SESSION_STORE', 'The session store is down', { retryAfterSeconds });
  }

  #failed(error: Error): void {
    this.failover?.suspect();
    if (!this.#breaker.failed()) {
      if (this.failover !== undefined && !this.#breaker.isDown) this.#trials.soon(RETRY_MS);
      return;
    }
    this.#trials.soon(this.#breaker.nextTrialMs());
    if (this.#downSince !== undefined) return;
    this.#downSince = this.#options.clock.now();
    const { degraded } = sessionChannels;
    const message: StoreDegradedMessage = { error };
    if (degraded.hasSubscribers) degraded.publish(message);
  }

  async #catchUp(context: ResendContext): Promise<void> {
    const resent = await this.failover?.catchUp(context);
    this.#handOver.replayed += resent?.applied ?? 0;
    this.#handOver.dropped += resent?.dropped ?? 0;
    await this.#handOver.all();
    if (this.failover?.isDue === true) this.#trials.soon(this.#breaker.nextTrialMs());
    const { replayed, dropped } = this.#handOver;
    this.#handOver.replayed = this.#handOver.dropped = 0;
    if (this.#downSince === undefined) return;
    const downMs = this.#options.clock.now() - this.#downSince;
    this.#downSince = undefined;
    const { recovered } = sessionChannels;
    const message: StoreRecoveredMessage = { downMs, replayed, dropped };
    if (recovered.hasSubscribers) recovered.publish(message);
  }

  #now(): number {
    return Math.floor(this.#options.clock.now() + this.#timeOffset);
  }
}

/** True if the store has not answered. Any other error is an answer. */
export function isAway(error: unknown): error is BalancerError {
  return isBalancerError(error) && error.code === 'SESSION_STORE';
}

/** The same store, with every call through `ask`. */
function guarded(inner: SessionStore, ask: <T>(call: () => Promise<T>) => Promise<T>): SessionStore {
  return {
    load: (...parameters) => ask(() => inner.load(...parameters)),
    commit: (...parameters) => ask(() => inner.commit(...parameters)),
    touch: (...parameters) => ask(() => inner.touch(...parameters)),
    destroy: (...parameters) => ask(() => inner.destroy(...parameters)),
    retire: (...parameters) => ask(() => inner.retire(...parameters)),
    list: (...parameters) => ask(() => inner.list(...parameters)),
    end: (...parameters) => ask(() => inner.end(...parameters)),
    revoke: (...parameters) => ask(() => inner.revoke(...parameters)),
  };
}
