/**
 * Puts an explanation together: the same questions that a pick asks, answered for a reader.
 */
import type { Endpoint, PickContext } from '../endpoint.ts';
import { REASON_BIT } from '../health/reasons.ts';
import type { HealthReason } from '../health/reasons.ts';
import { homeOrDetour, isFree, successor } from './candidates.ts';
import type { ClusterCore } from './cluster-core.ts';
import type { EndpointState } from './endpoint-state.ts';
import type { ExcludedEndpoint, ExplainedCandidate, Explanation } from './explanation.ts';
import type { Snapshot } from './snapshot.ts';
import { mayTry } from './trial.ts';

/** Why a pick with this context would go where it would. Moves nothing, but for ending what has run out by `now`. */
export function explainPick(core: ClusterCore, context: PickContext): Explanation {
  if (context.now >= core.snapshot.nextChangeAt) core.rebuild(context.now);
  const { snapshot, endpoints } = core;
  const single = singleChoice(core, context);
  const explained = single === undefined ? snapshot.picker?.explain?.(context) : undefined;
  const entries =
    single === undefined
      ? (explained?.candidates ?? snapshot.pickable.map((endpoint) => ({ endpoint, score: undefined })))
      : single.endpoints.map((endpoint) => ({ endpoint, score: undefined }));
  const chosen = new Set<Endpoint>(entries.map(({ endpoint }) => endpoint));
  const candidates = entries
    .filter(({ endpoint }) => problemsOf(endpoint as EndpointState, context).length === 0)
    .map(({ endpoint, score }) => candidateOf(endpoint as EndpointState, score, snapshot, context))
    .toSorted((a, b) => (a.score ?? 0) - (b.score ?? 0));
  const names = new Set(candidates.map(({ endpoint }) => endpoint));
  return {
    strategy: core.options.strategy.name,
    regime: single?.regime ?? (names.size === 0 ? 'none' : regimeOf(snapshot)),
    rule: explained?.regime,
    candidates,
    excluded: endpoints
      .filter(({ id }) => !names.has(id))
      .map((endpoint) => excludedOf(endpoint, snapshot, context, chosen.has(endpoint))),
  };
}

/** Where stickiness or a trial leaves the strategy no choice. */
function singleChoice(
  core: ClusterCore,
  context: PickContext,
): { regime: Explanation['regime']; endpoints: readonly EndpointState[] } | undefined {
  if (context.preferred === undefined) {
    const trial = core.trialFor(context);
    return trial && { regime: 'trial', endpoints: [trial] };
  }
  const owner = core.endpointOfRoute(context.preferred, context.key);
  const isThere =
    owner !== undefined && ((core.servesSticky(owner) && isFree(owner, context)) || mayTry(owner, context));
  if (isThere) return { regime: 'sticky', endpoints: [homeOrDetour(owner, core.snapshot.pickable, context)] };
  const heir = successor(core.snapshot.pickable, context);
  return heir === undefined ? { regime: 'none', endpoints: [] } : { regime: 'successor', endpoints: [heir] };
}

function regimeOf(snapshot: Snapshot): Explanation['regime'] {
  if (snapshot.isOnFallback) return 'fallback';
  return snapshot.isPanicking ? 'panic' : 'strategy';
}

function candidateOf(
  endpoint: EndpointState,
  score: number | undefined,
  snapshot: Snapshot,
  { now }: PickContext,
): ExplainedCandidate {
  const { id, weight, inflight } = endpoint;
  const tierShare = endpoint.isPicked ? (snapshot.tiers[endpoint.tier]?.share ?? 0) : 0;
  const [latencyMs, waitingAgeMs] = [endpoint.latencyAt(now), endpoint.waitingAgeAt(now)];
  return { endpoint: id, score, weight, inflight, latencyMs, waitingAgeMs, tierShare };
}

/** What keeps an endpoint that may be picked from being picked for this request. */
function problemsOf(endpoint: EndpointState, context: PickContext): ('tried' | 'full')[] {
  const problems: ('tried' | 'full')[] = [];
  if (context.tried?.includes(endpoint) === true) problems.push('tried');
  if (endpoint.inflight >= endpoint.limit) problems.push('full');
  return problems;
}

function excludedOf(
  endpoint: EndpointState,
  snapshot: Snapshot,
  context: PickContext,
  isCandidate: boolean,
): ExcludedEndpoint {
  const reasons: ExcludedEndpoint['reasons'][number][] = (Object.keys(REASON_BIT) as HealthReason[]).filter((reason) =>
    endpoint.has(reason),
  );
  reasons.push(...problemsOf(endpoint, context));
  if (endpoint.isFallback && !snapshot.isOnFallback) reasons.push('fallback');
  else if (reasons.length === 0 && !endpoint.isPicked) reasons.push('lower-priority');
  else if (reasons.length === 0 && !isCandidate) reasons.push('not-considered');
  return { endpoint: endpoint.id, reasons };
}
