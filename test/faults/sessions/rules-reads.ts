/** What reads may show: one version, not older than the lease, never older than what the process knew. */
import type { JudgeOptions, SessionHistory, Violation } from './verdict.ts';
import type { Operation } from './history.ts';
import { type Commit, commitsOf, type Found, foundOf, storedOf, versionOf } from './selections.ts';

export function readRules(history: SessionHistory, options: JudgeOptions): Violation[] {
  const { session, operations } = history;
  const stored = storedOf(commitsOf(operations));
  const processes = new Set(operations.map(({ process }) => process));
  const violations: Violation[] = [];
  for (const process of processes) {
    const own = operations.filter((operation) => operation.process === process && versionOf(operation) !== undefined);
    for (const [later, earlier] of behind(own, own, 0)) {
      const what = `${process} saw version ${versionOf(later)} after version ${versionOf(earlier)}`;
      violations.push({ rule: 'backwards', session, ops: [later.op, earlier.op], what });
    }
  }
  for (const [read, commit] of behind(foundOf(operations), stored, options.leaseMs)) {
    const age = Math.floor(read.startedAt - commit.endedAt);
    const what = `version ${versionOf(read)} was read ${age} ms after version ${versionOf(commit)} was acknowledged`;
    violations.push({ rule: 'stale', session, ops: [read.op, commit.op], what });
  }
  return [
    ...violations,
    ...foundOf(operations).flatMap((read) => contents(session, read, commitsOf(operations), options)),
  ];
}

/**
 * Those of `later` that began more than `ms` after the end of one of `earlier` and still have a lower version, with the highest such
 * one. O(n log n).
 */
function behind(
  later: readonly Operation[],
  earlier: readonly Operation[],
  ms: number,
): (readonly [Operation, Operation])[] {
  const ends = earlier.toSorted((a, b) => a.endedAt - b.endedAt);
  const pairs: (readonly [Operation, Operation])[] = [];
  let next = 0;
  let highest: Operation | undefined;
  for (const operation of later.toSorted((a, b) => a.startedAt - b.startedAt)) {
    for (let end = ends[next]; end !== undefined && end.endedAt + ms < operation.startedAt; end = ends[++next]) {
      if (highest === undefined || versionOf(end)! > versionOf(highest)!) highest = end;
    }
    if (highest !== undefined && versionOf(operation)! < versionOf(highest)!) pairs.push([operation, highest]);
  }
  return pairs;
}

/** Every field a read shows was written, all of them belong to its version, and none of them came back from the past. */
function contents(session: string, read: Found, commits: readonly Commit[], options: JudgeOptions): Violation[] {
  const violations: Violation[] = [];
  const { version, fields } = read.answer;
  const names = new Set(commits.flatMap(({ action }) => Object.keys(action.set)));
  for (const name of names) {
    const value = fields[name];
    const writers = commits.filter(({ action }) => Object.hasOwn(action.set, name));
    const writer = writers.find(({ action }) => action.set[name] === value);
    const seen = storedOf(writers).filter(({ answer }) => answer.version <= version);
    if (value !== undefined && !mayBeSeen(writer, read)) {
      const what = `${name} was read as ${value}, which no commit had stored`;
      violations.push({ rule: 'unwritten', session, ops: [read.op], what });
    } else if (writer?.outcome === 'unknown') {
      const settledAt = writer.reportedAt + (options.settledAfterMs ?? Infinity);
      const later = seen.find(({ startedAt }) => startedAt > settledAt);
      if (later === undefined) continue;
      const what = `${name} was read as ${value}, which came back over what was stored long after it had failed`;
      violations.push({ rule: 'lost', session, ops: [later.op, writer.op, read.op], what });
    } else {
      const written = writer?.answer?.kind === 'stored' ? writer.answer.version : 0;
      const missed = seen.find((commit) =>
        options.isExact === false ? commit.startedAt > (writer?.endedAt ?? 0) : commit.answer.version > written,
      );
      if ((options.isExact === false || written <= version) && missed === undefined) continue;
      const what = `version ${version} was read with ${name} of version ${written}`;
      violations.push({ rule: 'torn', session, ops: [read.op, ...(missed === undefined ? [] : [missed.op])], what });
    }
  }
  return violations;
}

function mayBeSeen(writer: Commit | undefined, read: Found): boolean {
  if (writer === undefined || writer.startedAt > read.endedAt) return false;
  return writer.outcome === 'unknown' || writer.answer?.kind === 'stored';
}
