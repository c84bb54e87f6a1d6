/** What must have become of commits: nothing acknowledged is lost, nothing happens twice, versions follow time. */
import type { JudgeOptions, Rule, SessionHistory, Violation } from './verdict.ts';
import { type Commit, commitsOf, type Stored, storedOf } from './selections.ts';

export function updateRules(history: SessionHistory, options: JudgeOptions): Violation[] {
  return [...lostFields(history, options), ...counters(history, options), ...versions(history, options)];
}

/** Each field holds what its last commit wrote; commits of unknown outcome may have been the last. */
function lostFields({ session, operations, final }: SessionHistory, options: JudgeOptions): Violation[] {
  const commits = commitsOf(operations);
  const names = new Set(commits.flatMap(({ action }) => Object.keys(action.set)));
  // A session that is gone holds nothing, rightly or not: that is for the rules of ends.
  if (final === undefined) return [];
  const violations: Violation[] = [];
  for (const name of names) {
    const writers = commits.filter(({ action }) => Object.hasOwn(action.set, name));
    const value = final.fields[name];
    const winner = writers.find(({ action }) => action.set[name] === value);
    const mayHold = winner === undefined || winner.outcome === 'unknown' || winner.answer?.kind === 'stored';
    if (value !== undefined && (winner === undefined || !mayHold)) {
      violations.push(violation('unwritten', session, winner, `${name} ends as ${value}, which no commit stored`));
    }
    for (const commit of storedOf(writers)) {
      if (commit === winner || (winner !== undefined && mayFollow(winner, commit, options))) continue;
      violations.push(violation('lost', session, commit, `${name} ends as ${value}, not ${commit.action.set[name]}`));
    }
  }
  return violations;
}

/** True if `later` may have been applied after `commit`. */
function mayFollow(later: Commit, commit: Stored, options: JudgeOptions): boolean {
  const { settledAfterMs = Infinity, isExact = true } = options;
  if (later.answer?.kind === 'stored') {
    return later.endedAt >= commit.startedAt && (!isExact || later.answer.version > commit.answer.version);
  }
  return later.reportedAt + settledAfterMs >= commit.startedAt;
}

/** Each increment finds what those before it have left. */
function counters({ session, operations, final }: SessionHistory, options: JudgeOptions): Violation[] {
  const commits = commitsOf(operations);
  const names = new Set(commits.flatMap(({ action }) => Object.keys(action.add)));
  return [...names].flatMap((name) => {
    const adders = commits.filter(({ action }) => Object.hasOwn(action.add, name));
    const steps = storedOf(adders).map((commit) => ({ commit, value: Number(commit.answer.sums[name] ?? 0) }));
    const last = final && Number(final.fields[name] ?? 0);
    return climbs(session, name, steps, last, adders, ({ action }) => action.add[name] ?? 0, options);
  });
}

/** Something that grows with each commit, and what it was after one of them. */
interface Step {
  readonly commit: Stored;
  readonly value: number;
}

/** Between two acknowledged steps there is room for those of unknown outcome that may have come in between, and for nothing else. */
function climbs(
  session: string,
  name: string,
  steps: readonly Step[],
  last: number | undefined,
  commits: readonly Commit[],
  amountOf: (commit: Commit) => number,
  { settledAfterMs = Infinity, isExact = true, mayLose = false }: JudgeOptions,
): Violation[] {
  const unknown = commits.filter(({ outcome }) => outcome === 'unknown');
  const violations: Violation[] = [];
  let [from, value]: [Commit | undefined, number] = [undefined, 0];
  function climb(to: Commit | undefined, next: number): void {
    const least = value + (to === undefined ? 0 : amountOf(to));
    const between = unknown.filter(
      ({ startedAt, reportedAt }) =>
        startedAt <= (to?.endedAt ?? Infinity) && reportedAt + settledAfterMs >= (from?.startedAt ?? -Infinity),
    );
    const most = least + between.reduce((sum, commit) => sum + amountOf(commit), 0);
    const what = `${name} went from ${value} to ${next}, not to ${least}${most > least ? ` to ${most}` : ''}`;
    const others = from === undefined ? [] : [from.op];
    if (next < least) violations.push(violation('lost', session, to, what, ...others));
    if (next > most) violations.push(violation('twice', session, to, what, ...others));
    [from, value] = [to, next];
  }
  const inOrder = steps.toSorted((a, b) => a.commit.answer.version - b.commit.answer.version);
  // Then only what is done one at a time, as by a writer of its own, can be followed; of the rest the sum has to do.
  const isFollowed =
    !mayLose &&
    (isExact || inOrder.every(({ commit }, i) => commit.startedAt >= (inOrder[i - 1]?.commit.endedAt ?? 0)));
  if (isFollowed) for (const step of inOrder) climb(step.commit, step.value);
  else value = steps.reduce((sum, { commit }) => sum + amountOf(commit), 0);
  if (last !== undefined) climb(undefined, last);
  return violations;
}

/** Each commit has a version of its own, and one that began after another's end has a higher one. */
function versions({ session, operations, final }: SessionHistory, options: JudgeOptions): Violation[] {
  const violations: Violation[] = [];
  const { isExact = true } = options;
  const commits = commitsOf(operations);
  const stored = storedOf(commits).toSorted((a, b) => a.answer.version - b.answer.version);
  let lastBegun: Stored | undefined;
  let previous: Stored | undefined;
  for (const commit of stored) {
    const { version } = commit.answer;
    if (isExact && previous?.answer.version === version)
      violations.push(violation('version', session, commit, `version ${version} was given twice`, previous.op));
    if (lastBegun !== undefined && commit.endedAt < lastBegun.startedAt)
      violations.push(
        violation('version', session, lastBegun, `a lower version than one acknowledged before`, commit.op),
      );
    if (lastBegun === undefined || commit.startedAt > lastBegun.startedAt) lastBegun = commit;
    previous = commit;
  }
  const steps = stored.map((commit) => ({ commit, value: commit.answer.version }));
  return [...violations, ...climbs(session, 'the version', steps, final?.version, commits, () => 1, options)];
}

function violation(
  rule: Rule,
  session: string,
  commit: Commit | undefined,
  what: string,
  ...others: string[]
): Violation {
  return { rule, session, ops: [...(commit === undefined ? [] : [commit.op]), ...others], what };
}
