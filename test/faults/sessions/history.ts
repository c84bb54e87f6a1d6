/**
 * What processes did to sessions and what they were told: the log that `checker.ts` judges. Every call is two events, its begin and
 * its end, so that a process that dies leaves calls of which nobody knows whether they took effect.
 *
 * Times are ms of a clock that all processes of a machine share.
 */

/** One call of a store. Values are unique within a run, so a value tells which commit wrote it. */
export type Action =
  | {
      readonly kind: 'commit';
      /** @default 'update' */
      readonly mode?: 'create';
      readonly set: Readonly<Record<string, string>>;
      /** Positive amounts only: that is what makes a counter tell what was lost and what was applied twice. */
      readonly add: Readonly<Record<string, number>>;
    }
  | { readonly kind: 'load' | 'touch' | 'destroy' };

/** What a store answered. `there`: of `load`, and of `destroy` what it removed. `gone`: of any call. */
export type Answer =
  | { readonly kind: 'stored'; readonly version: number; readonly sums: Readonly<Record<string, string>> }
  | { readonly kind: 'there'; readonly version: number; readonly fields: Readonly<Record<string, string>> }
  | { readonly kind: 'touched' }
  | { readonly kind: 'gone' };

interface Begin {
  readonly type: 'invoke';
  readonly op: string;
  readonly at: number;
  readonly process: string;
  readonly session: string;
  readonly action: Action;
}

/** `fail`: certainly without effect. `unknown`: nobody can tell. */
type End =
  | { readonly type: 'ok'; readonly op: string; readonly at: number; readonly answer: Answer }
  | { readonly type: 'fail' | 'unknown'; readonly op: string; readonly at: number; readonly error: string };

export type HistoryEvent = Begin | End;

/** A call from begin to end. */
export interface Operation<A extends Action = Action> {
  readonly op: string;
  readonly process: string;
  readonly session: string;
  readonly action: A;
  readonly startedAt: number;
  /** When its outcome was known; Infinity if it never was. */
  readonly endedAt: number;
  readonly outcome: 'ok' | 'fail' | 'unknown';
  readonly answer: Answer | undefined;
  /** When somebody stopped waiting for it; Infinity if nobody did. */
  readonly reportedAt: number;
}

/** The clock of histories: monotonic, and the same for all processes of this machine. */
export function historyNow(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}

/** Pairs begins with ends, in the order of their begins. O(events). @throws Error if an end has no begin */
export function operationsOf(events: Iterable<HistoryEvent>): Operation[] {
  const operations = new Map<string, Operation>();
  for (const event of events) {
    if (event.type === 'invoke') {
      const { op, process, session, action, at } = event;
      const open = { endedAt: Infinity, outcome: 'unknown', answer: undefined, reportedAt: Infinity } as const;
      operations.set(op, { op, process, session, action, startedAt: at, ...open });
      continue;
    }
    const begun = operations.get(event.op);
    if (begun === undefined) throw new Error(`${event.op} ends and has not begun`);
    operations.set(event.op, {
      ...begun,
      endedAt: event.type === 'unknown' ? Infinity : event.at,
      reportedAt: event.at,
      outcome: event.type,
      answer: event.type === 'ok' ? event.answer : undefined,
    });
  }
  return [...operations.values()];
}
