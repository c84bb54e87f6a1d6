/** What the end of a session means: it comes only if somebody asked for it, and it is final. */
import type { JudgeOptions, SessionHistory, Violation } from './verdict.ts';
import type { Operation } from './history.ts';

export function endRules({ session, operations, final }: SessionHistory, { leaseMs }: JudgeOptions): Violation[] {
  const violations: Violation[] = [];
  const firstDestroy = earliest(operations.filter(isDestroy), ({ startedAt }) => startedAt);
  for (const { op, endedAt } of operations.filter(isWitness)) {
    if (firstDestroy < endedAt) continue;
    violations.push({ rule: 'vanished', session, ops: [op], what: 'gone, and nobody had asked for that' });
  }
  if (final === undefined && firstDestroy === Infinity) {
    violations.push({ rule: 'vanished', session, ops: [], what: 'gone in the end, and nobody had asked for that' });
  }
  const goneAt = earliest(operations.filter(isWitness), ({ endedAt }) => endedAt);
  const goneFor = new Map<string, number>();
  for (const { process, endedAt } of operations.filter(isWitness))
    goneFor.set(process, Math.min(endedAt, goneFor.get(process) ?? Infinity));
  for (const { op, process, startedAt, action, answer } of operations) {
    if (answer === undefined || answer.kind === 'gone') continue;
    // A copy may still be read for the length of the lease, but not where the end is known already; and no write may go through.
    const until = action.kind === 'load' ? Math.min(goneAt + leaseMs, goneFor.get(process) ?? Infinity) : goneAt;
    if (startedAt <= until) continue;
    const what = `${action.kind} found it ${Math.floor(startedAt - goneAt)} ms after its end`;
    violations.push({ rule: 'revived', session, ops: [op], what });
  }
  if (final !== undefined && goneAt < Infinity) {
    violations.push({ rule: 'revived', session, ops: [], what: 'there in the end, and it had been gone' });
  }
  return violations;
}

function isDestroy({ action, outcome }: Operation): boolean {
  return action.kind === 'destroy' && outcome !== 'fail';
}

/** Whoever is told that a session is gone, and whoever has removed it. */
function isWitness({ action, answer }: Operation): boolean {
  return answer?.kind === 'gone' || (action.kind === 'destroy' && answer !== undefined);
}

function earliest(operations: readonly Operation[], at: (operation: Operation) => number): number {
  return operations.reduce((first, operation) => Math.min(first, at(operation)), Infinity);
}
