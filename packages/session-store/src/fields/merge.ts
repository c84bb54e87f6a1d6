/**
 * How a patch meets the fields it finds: the one rule that every store follows, in the form that stores written in TypeScript
 * share. The Redis store says the same in Lua.
 */
import { BalancerError } from '@evenkeel/core';
import type { CommitReceipt, SessionPatch } from '../store.ts';

/** What a patch does to fields. */
export type FieldChanges = Pick<SessionPatch, 'set' | 'remove' | 'add'>;

/** Shared, and never added to. */
export const NO_CHANGES: FieldChanges = { set: new Map(), remove: [], add: new Map() };

const INTEGER = /^(?:0|-?[1-9][0-9]{0,15})$/;

/**
 * The encoded sum of a stored integer and `by`.
 * @throws SESSION_FIELD if `raw` is not an integer or the sum is not a safe one
 */
export function addToField(name: string, raw: string | undefined, by: number): string {
  const stored = raw === undefined ? 0 : INTEGER.test(raw) ? Number(raw) : Number.NaN;
  if (!Number.isSafeInteger(stored) || !Number.isSafeInteger(stored + by)) throw notAddable(name);
  return String(stored + by);
}

/** The error of an increment that cannot be. */
export function notAddable(name: string): BalancerError {
  return new BalancerError(
    'SESSION_FIELD',
    `The session field ${JSON.stringify(name)} cannot be incremented: it does not hold an integer, or the sum is beyond 2^53 - 1`,
  );
}

/** New fields: `fields` with `changes` applied. O(fields). @throws SESSION_FIELD as `addToField` */
export function mergedFields(fields: ReadonlyMap<string, string>, changes: FieldChanges): Map<string, string> {
  const merged = new Map(fields);
  for (const [name, by] of changes.add) merged.set(name, addToField(name, fields.get(name), by));
  for (const [name, value] of changes.set) merged.set(name, value);
  for (const name of changes.remove) merged.delete(name);
  return merged;
}

const NOTHING: ReadonlyMap<string, never> = new Map<string, never>();

/** The fields that do not hold what a patch expects, with what they hold. O(expected). */
export function conflictsWith(
  fields: ReadonlyMap<string, string>,
  { expect = NOTHING }: Pick<SessionPatch, 'expect'>,
): ReadonlyMap<string, string | undefined> {
  if (expect.size === 0) return NOTHING;
  const conflicts = new Map<string, string | undefined>();
  for (const [name, value] of expect) if (fields.get(name) !== value) conflicts.set(name, fields.get(name));
  return conflicts;
}

/** What a commit answers that stored nothing, since the session is not as it expects. */
export function refusal(version: number, conflicts: CommitReceipt['conflicts']): CommitReceipt {
  return { version, sums: NOTHING, conflicts };
}

/** What a commit answers that was stored. */
export function acceptance(version: number, sums: CommitReceipt['sums']): CommitReceipt {
  return { version, sums, conflicts: NOTHING };
}

/** The changes that lead from one set of fields to another. O(fields). */
export function changesBetween(from: ReadonlyMap<string, string>, to: ReadonlyMap<string, string>): FieldChanges {
  const set = new Map<string, string>();
  for (const [name, value] of to) if (from.get(name) !== value) set.set(name, value);
  return { set, remove: [...from.keys()].filter((name) => !to.has(name)), add: new Map() };
}

/** True if the changes change nothing. */
export function isEmpty(changes: FieldChanges): boolean {
  return changes.set.size === 0 && changes.remove.length === 0 && changes.add.size === 0;
}
