/**
 * What becomes of a field that was changed here while the store was away, and by somebody else as well.
 */
import { decodeValue, encodeValue } from '../fields/codec.ts';

/** A field with two changes, as the application knows values. `undefined` stands for a field that is not there. */
export interface FieldConflict {
  readonly field: string;
  /** What both changes started from. */
  readonly base: unknown;
  /** What this instance made of it. */
  readonly local: unknown;
  /** What the store holds. */
  readonly remote: unknown;
}

/**
 * `remote`: what the store holds stays. `local`: what was written here replaces it. A function makes the value of both; `undefined`
 * removes the field. If it throws, or makes something that cannot be stored, what the store holds stays.
 */
export type ConflictPolicy = 'remote' | 'local' | ((conflict: FieldConflict) => unknown);

/** A field with two changes, encoded. */
export interface EncodedConflict {
  readonly field: string;
  readonly base: string | undefined;
  readonly local: string | undefined;
  readonly remote: string | undefined;
}

/** Whose change is kept, and what the field is to hold. */
export interface Decision {
  readonly kept: 'remote' | 'local' | 'merged';
  readonly text: string | undefined;
}

/** Decides about a conflict. */
export type Decide = (conflict: EncodedConflict) => Decision;

/** A policy as a function over encoded values that never throws. */
export function decider(policy: ConflictPolicy): Decide {
  return ({ field, base, local, remote }) => {
    if (policy === 'remote') return { kept: 'remote', text: remote };
    if (policy === 'local') return { kept: 'local', text: local };
    const decoded = (text: string | undefined): unknown => (text === undefined ? undefined : decodeValue(field, text));
    try {
      const merged = policy({ field, base: decoded(base), local: decoded(local), remote: decoded(remote) });
      return { kept: 'merged', text: merged === undefined ? undefined : encodeValue(field, merged) };
    } catch {
      return { kept: 'remote', text: remote };
    }
  };
}
