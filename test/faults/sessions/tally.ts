/** What a failover has cost, commit by commit: each one wrote a field of its own, so what is not there in the end is lost. */
import type { RunRecord } from './run.ts';
import { commitsOf, storedOf } from './selections.ts';

export interface Tally {
  /** Commits. */
  readonly acknowledged: number;
  readonly unknown: number;
  /** Of the acknowledged ones. */
  readonly lost: number;
  readonly loggedOut: number;
  /** Acknowledged ends of sessions that are there in the end. */
  readonly undone: number;
  /** The longest time in which nobody was answered, in ms. */
  readonly silenceMs: number;
}

export function tallyOf({ operations, finals }: RunRecord): Tally {
  const commits = commitsOf(operations).filter(({ process }) => process !== 'setup');
  const ended = operations.filter(({ action, outcome }) => action.kind === 'destroy' && outcome === 'ok');
  // A session that somebody ended, or may have ended, holds nothing any more.
  const destroyed = new Set(operations.filter(({ action }) => action.kind === 'destroy').map(({ session }) => session));
  const lost = storedOf(commits).filter(({ session, action }) => {
    const fields = finals.get(session)?.fields ?? {};
    return !destroyed.has(session) && Object.keys(action.set).some((name) => fields[name] !== action.set[name]);
  });
  const answers = operations.filter(({ outcome }) => outcome === 'ok').map(({ endedAt }) => endedAt);
  const times = answers.toSorted((a, b) => a - b);
  return {
    acknowledged: storedOf(commits).length,
    unknown: commits.filter(({ outcome }) => outcome === 'unknown').length,
    lost: lost.length,
    loggedOut: ended.length,
    undone: ended.filter(({ session }) => finals.get(session) !== undefined).length,
    silenceMs: times.reduce((longest, at, i) => Math.max(longest, at - (times[i - 1] ?? at)), 0),
  };
}

/** Sums, and the longest silence. */
export function totalOf(tallies: readonly Tally[]): Tally {
  const none = { acknowledged: 0, unknown: 0, lost: 0, loggedOut: 0, undone: 0, silenceMs: 0 };
  return tallies.reduce(
    (a, b) => ({
      acknowledged: a.acknowledged + b.acknowledged,
      unknown: a.unknown + b.unknown,
      lost: a.lost + b.lost,
      loggedOut: a.loggedOut + b.loggedOut,
      undone: a.undone + b.undone,
      silenceMs: Math.max(a.silenceMs, b.silenceMs),
    }),
    none,
  );
}

/** A row of the table in the documentation. */
export function rowOf(name: string, lagMs: number, failovers: number, total: Tally): string {
  const { acknowledged, lost, loggedOut, undone, unknown, silenceMs } = total;
  const cells = [name, `${lagMs} ms`, failovers, acknowledged, lost, loggedOut, undone, unknown];
  return `| ${[...cells, `${(silenceMs / 1000).toFixed(1)} s`].join(' | ')} |`;
}
