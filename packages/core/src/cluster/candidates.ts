/**
 * Choosing among endpoints where no strategy is asked: who has room, who inherits a session, who is left.
 */
import type { PickContext, ResolvedEndpoint } from '../endpoint.ts';
import { mix32 } from '../lib/hash.ts';
import type { Random } from '../lib/random.ts';
import { rendezvousScore } from '../lib/rendezvous.ts';
import type { EndpointState } from './endpoint-state.ts';

/** True if the endpoint is still where it was. */
export function isSameAddress(endpoint: EndpointState, { origin, socketPath }: ResolvedEndpoint): boolean {
  return endpoint.origin === origin && endpoint.socketPath === socketPath;
}

/** True if the endpoint has room and was not tried before. */
export function isFree(endpoint: EndpointState, context: PickContext): boolean {
  if (endpoint.inflight >= endpoint.limit) return false;
  return context.tried === undefined || !context.tried.includes(endpoint);
}

/** Who takes over from an endpoint that is gone, if anybody may: the same for all balancers and all requests of a session. O(n) */
export function successor(endpoints: readonly EndpointState[], context: PickContext): EndpointState | undefined {
  if (context.isStrict === true) return undefined;
  let best: EndpointState | undefined;
  let bestScore = -1;
  for (const endpoint of endpoints) {
    const score = rendezvousScore(context.key, endpoint.idHash, endpoint.weight);
    if (score > bestScore && isFree(endpoint, context)) {
      best = endpoint;
      bestScore = score;
    }
  }
  return best;
}

/** The first one that is free, from one on that the key says, or chance. O(n) */
export function firstFree(
  endpoints: readonly EndpointState[],
  context: PickContext,
  random: Random,
): EndpointState | undefined {
  const start = context.key === 0 ? random.below(endpoints.length) : mix32(context.key) % endpoints.length;
  for (let i = 0; i < endpoints.length; i++) {
    const endpoint = endpoints[(start + i) % endpoints.length]!;
    if (isFree(endpoint, context)) return endpoint;
  }
  return undefined;
}
