/** The two errors that every store shares, and what makes one of them of a store's failure. */
import { BalancerError, isBalancerError } from '@evenkeel/core';

/** Any failure as an error of ours: unchanged if it is one already, otherwise SESSION_STORE with the failure as cause. */
export function storeError(what: string, cause: unknown): BalancerError {
  if (isBalancerError(cause)) return cause;
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new BalancerError('SESSION_STORE', `${what}: ${detail}`, { cause });
}

/** What a store answers to the session layer: whatever it fails with becomes an error of ours. */
export async function answerOf<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    throw storeError('The session store failed', cause);
  }
}

/** The store holds something that this library did not write. `where` never names a session id. */
export function corruptError(where: string, what: string): BalancerError {
  return new BalancerError('SESSION_CORRUPT', `${where} is not a session of this library: ${what}`);
}
