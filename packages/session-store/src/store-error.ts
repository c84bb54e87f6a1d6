/** The two errors that every store shares. */
import { BalancerError, isBalancerError } from '@evenkeel/core';

/** Any failure as an error of ours: unchanged if it is one already, otherwise SESSION_STORE with the failure as cause. */
export function storeError(what: string, cause: unknown): BalancerError {
  if (isBalancerError(cause)) return cause;
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new BalancerError('SESSION_STORE', `${what}: ${detail}`, { cause });
}

/** The store holds something that this library did not write. `where` never names a session id. */
export function corruptError(where: string, what: string): BalancerError {
  return new BalancerError('SESSION_CORRUPT', `${where} is not a session of this library: ${what}`);
}
