import type { Endpoint, PickContext } from '../endpoint.ts';
import type { Candidate } from './strategy.ts';
import { isTried } from './tried.ts';

/** What a strategy that considers all endpoints explains: those that were not tried, or all if there is no other. */
export function candidatesOf(
  endpoints: readonly Endpoint[],
  context: PickContext,
  scoreOf: (index: number) => number | undefined,
): readonly Candidate[] {
  const all = endpoints.map((endpoint, index) => ({ endpoint, score: scoreOf(index) }));
  const untried = all.filter(({ endpoint }) => !isTried(endpoint, context.tried));
  return untried.length > 0 ? untried : all;
}
