/**
 * What every probe over the network or with a program has in common: it settles once, in time, and leaves nothing open.
 */

/** How long something may take, and what may call it off. */
export interface Deadline<T> {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** What does not happen in time, such as `no connection`. */
  readonly missing: string;
  /** What it gives when the time is up, if that is no failure. */
  readonly otherwise?: T | undefined;
}

/** How it ended; only the first call counts. */
export interface Settle<T> {
  resolve(value: T): void;
  reject(error: Error): void;
}

/**
 * Runs something that settles at the latest at the deadline.
 * @param begin starts it, and gives a function that ends it, whatever state it is in. That is called once, as soon as the
 * result is there.
 */
export function inTime<T>(deadline: Deadline<T>, begin: (settle: Settle<T>) => () => void): Promise<T> {
  const { timeoutMs, signal, missing, otherwise } = deadline;
  return new Promise<T>((resolve, reject) => {
    let stop: (() => void) | undefined;
    let isOver = false;
    function finish(settle: () => void): void {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', callOff);
      settle();
      stop?.();
    }
    const fail = (error: Error): void => finish(() => reject(error));
    const callOff = (): void => fail(new Error('the probe was called off'));
    const expire = (): void => {
      if (otherwise === undefined) fail(new Error(`${missing} within ${timeoutMs} ms`));
      else finish(() => resolve(otherwise));
    };
    // Whatever it waits for holds the process as long as it has to.
    const timer = setTimeout(expire, timeoutMs).unref();
    signal.addEventListener('abort', callOff);
    if (signal.aborted) return callOff();
    try {
      stop = begin({ resolve: (value) => finish(() => resolve(value)), reject: fail });
    } catch (error) {
      fail(error as Error);
    }
    if (isOver) stop?.();
  });
}
