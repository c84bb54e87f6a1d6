/**
 * Choosing among endpoints where no strategy is asked, or its answer will not do: who has room, who inherits a session, who is left.
 */
import type { PickContext, ResolvedEndpoint } from '../endpoint.ts';
import { mix32 } from '../lib/hash.ts';
import type { Random } from '../lib/random.ts';
import { rendezvousScore } from '../lib/rendezvous.ts';
import type { Picker } from '../strategies/strategy.ts';
import type { EndpointState } from './endpoint-state.ts';

/** How often a picker is asked again when it names an endpoint that is full or was tried; then the endpoints are scanned. */
const REPICKS = 4;

/** True if the endpoint is still where it was. */
export function isSameAddress(endpoint: EndpointState, { origin, socketPath }: ResolvedEndpoint): boolean {
  return endpoint.origin === origin && endpoint.socketPath === socketPath;
}

/** True if the endpoint has room and was not tried before. */
export function isFree(endpoint: EndpointState, context: PickContext): boolean {
  if (endpoint.inflight >= endpoint.limit) return false;
  return context.tried === undefined || !context.tried.includes(endpoint);
}

/** In place of a route: whoever the key belongs to, as `ownerOf` says. No endpoint has an empty route. */
export const ROUTE_OF_KEY = '';

/**
 * Whose key it is, by weighted rendezvous hashing of all members of the first priority, whether they may be picked or not; so the
 * place of a session is the same for all balancers, and it moves only if that member goes. O(n)
 */
export function ownerOf(endpoints: readonly EndpointState[], key: number): EndpointState | undefined {
  let best: EndpointState | undefined;
  let bestScore = -1;
  for (const endpoint of endpoints) {
    if (endpoint.isFallback || (best !== undefined && endpoint.priority > best.priority)) continue;
    const score = scoreOf(endpoint, key);
    if (score <= bestScore && endpoint.priority === best?.priority) continue;
    best = endpoint;
    bestScore = score;
  }
  return best;
}

/** Who takes over from an endpoint that is gone, if anybody may: the same for all balancers and all requests of a session. O(n) */
export function successor(endpoints: readonly EndpointState[], context: PickContext): EndpointState | undefined {
  return context.isStrict === true ? undefined : bestBelow(Infinity, endpoints, context);
}

/** So many requests in flight are no overload, whatever others have: a browser alone opens six connections. */
const NO_OVERLOAD = 8;

/**
 * The endpoint that a request sticks to; or, if with that request it had more than `maxLoadRatio` times its share of what is in
 * flight, the next one in the session's own order that has not: this one request takes a detour. O(n), O(1) without a bound.
 * @see Mirrokni, Thorup and Zadimoghaddam 2016, "Consistent hashing with bounded loads", https://arxiv.org/abs/1608.01350
 */
export function homeOrDetour(
  home: EndpointState,
  endpoints: readonly EndpointState[],
  context: PickContext,
): EndpointState {
  const ratio = context.maxLoadRatio ?? Infinity;
  if (ratio === Infinity || home.inflight < NO_OVERLOAD || context.isStrict === true) return home;
  let total = 1;
  let weight = 0;
  for (const endpoint of endpoints) {
    total += endpoint.inflight;
    weight += endpoint.weight;
  }
  const perWeight = (ratio * total) / weight;
  return home.inflight < perWeight * home.weight ? home : (bestBelow(perWeight, endpoints, context) ?? home);
}

/** @param perWeight in flight for each unit of weight: who has as much, and that is more than a little, is left out */
function bestBelow(
  perWeight: number,
  endpoints: readonly EndpointState[],
  context: PickContext,
): EndpointState | undefined {
  let best: EndpointState | undefined;
  let bestScore = -1;
  for (const endpoint of endpoints) {
    const { inflight } = endpoint;
    const score = scoreOf(endpoint, context.key);
    if (score <= bestScore || !isFree(endpoint, context)) continue;
    if (inflight >= NO_OVERLOAD && inflight >= perWeight * endpoint.weight) continue;
    best = endpoint;
    bestScore = score;
  }
  return best;
}

/** By the configured weight: another one, as while an endpoint starts slowly, is each balancer's own at each moment. */
function scoreOf(endpoint: EndpointState, key: number): number {
  return rendezvousScore(key, endpoint.idHash, endpoint.options.weight);
}

/** What the picker names; a scan where it keeps naming endpoints that are full or were tried. */
export function pickFree(
  picker: Picker<EndpointState>,
  endpoints: readonly EndpointState[],
  context: PickContext,
  random: Random,
): EndpointState | undefined {
  let last: EndpointState | undefined;
  for (let i = 0; i < REPICKS; i++) {
    const endpoint = picker.pick(context);
    if (endpoint === undefined) return undefined;
    if (isFree(endpoint, context)) return endpoint;
    // A strategy that goes by the key will say the same again.
    if (endpoint === last) break;
    last = endpoint;
  }
  return firstFree(endpoints, context, random);
}

/** The first one that is free, from one on that the key says, or chance. O(n) */
function firstFree(
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
