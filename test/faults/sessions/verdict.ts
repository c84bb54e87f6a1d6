/** What the checker is given beside the calls, and what it says. */
import type { Operation } from './history.ts';

export type Rule =
  /** An acknowledged update is not there, and nothing that may have come later replaced it. */
  | 'lost'
  /** More took effect than there is an explanation for: a commit was applied twice, or long after it had failed. */
  | 'twice'
  /** A value that nobody wrote, or whose commit was refused, or that comes from later than the read. */
  | 'unwritten'
  /** Versions of commits repeat, or go against time. */
  | 'version'
  /** A process saw a session go back in time, its own commits included. */
  | 'backwards'
  /** A read missed what was acknowledged longer ago than the lease. */
  | 'stale'
  /** A read gave fields that no single version had. */
  | 'torn'
  /** A session was there, or took a write, after it was known to be gone. */
  | 'revived'
  /** A session was gone though nobody had asked for its end. */
  | 'vanished';

export interface Violation {
  readonly rule: Rule;
  readonly session: string;
  /** The calls that contradict each other; the one that the rule speaks of first. */
  readonly ops: readonly string[];
  readonly what: string;
}

/** What a session holds when all is over. */
export interface FinalState {
  readonly version: number;
  readonly fields: Readonly<Record<string, string>>;
}

/** Everything about one session. */
export interface SessionHistory {
  readonly session: string;
  readonly operations: readonly Operation[];
  /** Undefined if it is gone. */
  readonly final: FinalState | undefined;
}

export interface JudgeOptions {
  /** How old a read may be in a process other than the writer's, in ms. */
  readonly leaseMs: number;
  /** A commit of unknown outcome takes effect this long after it was reported at the latest, in ms. @default never certain */
  readonly settledAfterMs?: number;
  /**
   * False if a commit may be sent again, under its name, and is then answered with the version and the sums of that moment, which are
   * not lower than its own. What overlaps is then not told apart by its versions. @default true
   */
  readonly isExact?: boolean;
  /**
   * True where a failover may lose what was acknowledged, and it may be sent again to the new master: then only the end tells whether
   * something is there twice. @default false
   */
  readonly mayLose?: boolean;
}
