/**
 * Judges a history of sessions: a pure function from what was done and seen to what cannot have been right. It knows nothing of
 * Redis, and assumes only what a store promises, so it finds a broken promise whatever the reason.
 */
import type { Operation } from './history.ts';
import { endRules } from './rules-ends.ts';
import { readRules } from './rules-reads.ts';
import { updateRules } from './rules-updates.ts';
import type { FinalState, JudgeOptions, Violation } from './verdict.ts';

/** All violations, session by session. O(n log n) in the operations of a session. */
export function judge(
  operations: readonly Operation[],
  finals: ReadonlyMap<string, FinalState | undefined>,
  options: JudgeOptions,
): Violation[] {
  const bySession = new Map<string, Operation[]>();
  for (const operation of operations) {
    const of = bySession.get(operation.session);
    if (of === undefined) bySession.set(operation.session, [operation]);
    else of.push(operation);
  }
  return [...bySession].flatMap(([session, of]) => {
    const history = { session, operations: of, final: finals.get(session) };
    return [updateRules, readRules, endRules].flatMap((rules) => rules(history, options));
  });
}
