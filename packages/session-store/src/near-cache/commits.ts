/** What a commit says about the session it was made to, without asking the store. */
import { isBalancerError } from '@evenkeel/core';
import { mergedFields } from '../fields/merge.ts';
import type { CommitReceipt, SessionPatch, SessionRecord } from '../store.ts';

/** A patch that was sent, and what came back. */
export interface Commit {
  readonly patch: SessionPatch;
  readonly receipt: CommitReceipt;
  readonly now: number;
}

/**
 * The session after a commit, if that can be told: nobody else's commit came between `base` and this one. Of a new session that is
 * somebody's it can not: the principal has not been read, so nobody would tell of its revocation. O(fields)
 */
export function recordAfter(
  base: SessionRecord | undefined,
  { patch, receipt, now }: Commit,
): SessionRecord | undefined {
  const { version, sums } = receipt;
  const isFirst = patch.mode === 'create' && patch.principal === undefined && version === 1;
  if (base === undefined ? !isFirst : base.version + 1 !== version) return undefined;
  const { createdAt, principal, fields } = base ?? { ...patch, fields: new Map<string, string>() };
  const set = new Map([...patch.set, ...sums]);
  return {
    version,
    createdAt,
    touchedAt: now,
    expiresAt: patch.expiresAt,
    principal,
    isRetired: false,
    fields: mergedFields(fields, { set, remove: patch.remove, add: new Map() }),
  };
}

/** True if `record` shows that `known` is out of date. */
export function isNews(record: SessionRecord | undefined, known: SessionRecord | undefined): boolean {
  return known !== undefined && (record === undefined || record.version > known.version);
}

/** True for failures after which nobody knows whether a write took effect. */
export function isUnsure(error: unknown): boolean {
  return !isBalancerError(error) || error.code === 'SESSION_STORE';
}
