import type { ClusterCore } from '../cluster/cluster-core.ts';
import type { Endpoint } from '../endpoint.ts';
import type { FailedAttempt } from '../errors.ts';

/**
 * True if the owner of the route is alive and another endpoint serves all the same. One that is full or that declined with a status is
 * alive, and what sticks to it is still there.
 */
export function isDetour(
  core: ClusterCore,
  route: string,
  endpoint: Endpoint,
  failures: readonly FailedAttempt[] | undefined,
): boolean {
  const owner = core.endpointOfRoute(route);
  if (owner === undefined || owner === endpoint || !core.servesSticky(owner)) return false;
  const failure = failures?.find((failed) => failed.endpoint === owner.id);
  return failure === undefined || failure.status !== undefined;
}
