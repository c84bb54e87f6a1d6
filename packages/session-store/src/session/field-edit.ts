/**
 * Changes of one field that depend on what it holds: computed here, and stored only if the field still holds what they were computed
 * from; if not, computed again from what it holds now. Optimistic, since two requests rarely change one field at once, and a lock
 * would have to outlive the process that holds it.
 */
import { BalancerError } from '@evenkeel/core';
import { decodeValue } from '../fields/codec.ts';

/** What became of a swap, and what the field holds in the store now; undefined if it is not there. */
export interface Swap {
  readonly isDone: boolean;
  readonly holds: string | undefined;
}

/** One session's fields as the store has them, encoded. */
export interface StoredFields {
  /** What the field holds in the store, as far as this request knows; what the request has changed in it is stored first. */
  stored(field: string): Promise<string | undefined>;
  /** Stores `to` if the field holds `from`, and shows what the field holds then. @throws SESSION_GONE */
  swap(field: string, from: string | undefined, to: string | undefined): Promise<Swap>;
  /** @throws SESSION_FIELD */
  encode(field: string, value: unknown): string | undefined;
}

/** As often a change is computed. Each time somebody else's change came first, so each time somebody got on. */
export const MAX_TRIES = 5;

/** Replaces the value by what `change` makes of it. @throws SESSION_CONFLICT if others come first again and again */
export async function updateField(
  fields: StoredFields,
  field: string,
  change: (current: unknown) => unknown,
): Promise<void> {
  let text = await fields.stored(field);
  for (let i = 0; i < MAX_TRIES; i++) {
    // A copy of its own each time: what a try did to it must not be seen by the next one.
    const value = change(text === undefined ? undefined : decodeValue(field, text));
    const swap = await fields.swap(field, text, fields.encode(field, value));
    if (swap.isDone) return;
    text = swap.holds;
  }
  throw conflict(field);
}

/** Stores `value` if the field holds `expected`. False if not. */
export async function compareAndSet(
  fields: StoredFields,
  field: string,
  expected: unknown,
  value: unknown,
): Promise<boolean> {
  await fields.stored(field);
  const swap = await fields.swap(field, fields.encode(field, expected), fields.encode(field, value));
  return swap.isDone;
}

/** Removes the field and returns the value, to one taker only. @throws SESSION_CONFLICT as `updateField` */
export async function takeField(fields: StoredFields, field: string): Promise<unknown> {
  let text = await fields.stored(field);
  for (let i = 0; i < MAX_TRIES; i++) {
    if (text === undefined) return undefined;
    const swap = await fields.swap(field, text, undefined);
    if (swap.isDone) return decodeValue(field, text);
    text = swap.holds;
  }
  throw conflict(field);
}

function conflict(field: string): BalancerError {
  return new BalancerError(
    'SESSION_CONFLICT',
    `The session field ${JSON.stringify(field)} was changed by other requests each of ${MAX_TRIES} times that this one tried`,
  );
}
