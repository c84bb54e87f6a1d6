/**
 * What one request does with its session, one thing after the other: an un-awaited `save()` and the commit at the end of the request
 * never overtake each other.
 */
import { isBalancerError } from '@evenkeel/core';
import { storeError } from '../store-error.ts';

/** A queue of work on one session. */
export class Turns {
  /** Why a logout or a new id did not come about: the commit at the end reports it. */
  failure: Error | undefined;
  #last: Promise<unknown> | undefined;
  #waiting = 0;

  /** True if there is nothing under way, and nothing to report. */
  get isIdle(): boolean {
    return this.#waiting === 0 && this.failure === undefined;
  }

  /** Does `work` when all that was asked for before is done, well or not. Any failure becomes an error of ours. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.#waiting++;
    const turn = this.#last === undefined ? work() : this.#last.then(work);
    const settled = turn.catch(() => undefined);
    this.#last = settled;
    try {
      return await turn;
    } catch (cause) {
      throw storeError('The session store failed', cause);
    } finally {
      this.#waiting--;
      if (this.#last === settled) this.#last = undefined;
    }
  }

  /** `run` for what the application calls: a promise that it does not await must not end the process. */
  ask<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.run(work);
    turn.catch(() => undefined);
    return turn;
  }

  /**
   * `ask` for ends and new ids: if the store fails them, the response must not go out as if they had worked, whether or not they are
   * awaited; the commit rejects with it. That the session is gone, on the other hand, leaves nothing to protect.
   */
  decide<T>(work: () => Promise<T>): Promise<T> {
    return this.ask(async () => {
      try {
        const result = await work();
        this.failure = undefined;
        return result;
      } catch (error) {
        if (!isBalancerError(error) || error.code !== 'SESSION_GONE') this.failure = error as Error;
        throw error;
      }
    });
  }
}
