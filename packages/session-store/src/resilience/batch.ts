/**
 * One commit that waits for the store: what it changes, what it was made on top of, and the name under which it is sent.
 *
 * The name makes it happen at most once. A commit that was sent and not answered keeps its name and its content for ever; a commit
 * that has not been sent yet may take further changes of the same session in, field by field, since nobody has seen it.
 */
import { addToField } from '../fields/merge.ts';
import type { SessionPatch } from '../store.ts';

/** A commit that waits. */
export interface Batch {
  readonly name: string;
  readonly mode: 'create' | 'update';
  readonly createdAt: number;
  expiresAt: number;
  readonly set: Map<string, string>;
  readonly remove: Set<string>;
  readonly add: Map<string, number>;
  /** What each changed field held before this commit, as far as this process knew; undefined for one that was not there. */
  readonly base: Map<string, string | undefined>;
  /** The session's version that this process knew before the commit was sent for the first time. */
  readonly baseVersion: number;
  /** It was sent, and nobody knows whether it took effect. */
  isSent: boolean;
}

/** A commit as a batch. @param fields what the session held before it, as far as this process knew */
export function batchOf(
  patch: SessionPatch & { readonly name: string },
  fields: ReadonlyMap<string, string>,
  baseVersion: number,
  isSent: boolean,
): Batch {
  const { name, mode, createdAt, expiresAt } = patch;
  const nothing = { set: new Map<string, string>(), remove: new Set<string>(), add: new Map<string, number>() };
  const batch: Batch = { name, mode, createdAt, expiresAt, ...nothing, base: new Map(), baseVersion, isSent };
  addToBatch(batch, patch, fields);
  return batch;
}

/** Adds further changes to a batch that has not been sent. O(changes). @param fields what the session holds before them */
export function addToBatch(batch: Batch, patch: SessionPatch, fields: ReadonlyMap<string, string>): void {
  const { set, remove, add, base } = batch;
  batch.expiresAt = patch.expiresAt;
  for (const name of changedFields(patch)) if (!base.has(name)) base.set(name, fields.get(name));
  for (const [name, by] of patch.add) {
    // On top of a value that was written here it is part of that value.
    if (set.has(name)) set.set(name, addToField(name, set.get(name), by));
    else if (remove.delete(name)) set.set(name, addToField(name, undefined, by));
    else add.set(name, (add.get(name) ?? 0) + by);
  }
  for (const [name, value] of patch.set) {
    add.delete(name);
    remove.delete(name);
    set.set(name, value);
  }
  for (const name of patch.remove) {
    add.delete(name);
    set.delete(name);
    remove.add(name);
  }
}

/** The names of the fields that a patch changes. */
export function changedFields({ set, remove, add }: Pick<SessionPatch, 'set' | 'remove' | 'add'>): string[] {
  return [...set.keys(), ...remove, ...add.keys()];
}

/** What a batch counts for in the bounds of a journal: its changes, and one for itself. */
export function opsOf({ base }: Batch): number {
  return 1 + base.size;
}

/** The characters of what a batch keeps. O(changes). */
export function charactersOf({ base, set }: Batch): number {
  let count = 0;
  for (const [name, value] of base) count += name.length + (value?.length ?? 0) + (set.get(name)?.length ?? 0);
  return count;
}
