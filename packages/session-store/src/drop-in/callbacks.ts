/** From promises to the callbacks of express-session. */

/** An outcome, told once. */
export type Callback<T> = (error: unknown, value?: T) => void;

/**
 * Tells how work went. Whatever a callback throws is nobody's rejection but an exception of its own, as with every other store:
 * a rejection would be taken for a failure of the store, and the callback be called again.
 */
export function tell<T>(work: Promise<T>, callback: Callback<T> | undefined): void {
  work.then(
    (value) => callback && process.nextTick(callback, null, value),
    (error: unknown) => callback && process.nextTick(callback, error),
  );
}
