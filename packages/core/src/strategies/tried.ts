import type { Endpoint } from '../endpoint.ts';

/** True if the request was sent to `endpoint` before. O(attempts), allocates nothing. */
export function isTried(endpoint: Endpoint, tried: readonly Endpoint[] | undefined): boolean {
  if (tried === undefined) return false;
  for (let i = 0; i < tried.length; i++) if (tried[i] === endpoint) return true;
  return false;
}
