/**
 * Hands a commit over to a store that was away meanwhile: once, to a session that is still there, and without overwriting what
 * somebody else has changed since.
 *
 * - Once. It goes under the name it had when it was first sent, and a store answers a name that it remembers without applying it
 *   again. A store remembers the last 8 names of a session. A commit that was sent before therefore expects all its fields to hold
 *   what they held then, increments included. If one does not, the refusal tells the session's version: up to 8 versions after the
 *   one it was made on, the name cannot have been forgotten, so it was never applied and increments may go without expectations;
 *   later nobody knows, and they are dropped rather than added twice.
 * - Still there. It updates. Only a commit that made a session, and that was never sent, makes one: the id is known to nobody else.
 *   If sending it has failed without an answer, the session may have been made, used and destroyed elsewhere since, so from then on
 *   it updates as well (no revival; what it held is lost if it was never made).
 * - Not overwriting. The comparison of three is the store's own: the expectations travel with the commit, and the store compares and
 *   writes in one step. A field that has changed is decided by the policy, and what was found becomes the next expectation.
 */
import { isBalancerError } from '@evenkeel/core';
import { COMMIT_NAMES_KEPT, type CommitReceipt, type SessionPatch, type SessionStore } from '../store.ts';
import type { Batch } from './batch.ts';
import type { Decide } from './conflict.ts';

/** Others may change a field between two tries; after so many of them their change is kept. */
const MAX_TRIES = 8;

/** What became of a batch. */
export interface Sent {
  /** Undefined if nothing was stored: the session is gone, or all that was left of the batch was settled by others. */
  readonly receipt: CommitReceipt | undefined;
  /** Changes handed over. */
  readonly applied: number;
  /** Changes dropped. */
  readonly dropped: number;
  /** Fields that somebody else had changed, and whose change was kept. */
  readonly conflicts: ReadonlyMap<string, 'remote' | 'local' | 'merged'>;
}

/**
 * Sends a batch. O(changes) per try.
 * @throws SESSION_STORE if the store does not answer; the batch is to be sent again then
 */
export async function sendBatch(
  store: SessionStore,
  id: string,
  batch: Batch,
  decide: Decide,
  now: number,
): Promise<Sent> {
  const draft = new Draft(batch);
  if (batch.expiresAt <= now) return draft.gone();
  const wasSent = batch.isSent;
  batch.isSent = true;
  if (batch.mode === 'update' && batch.base.size === 0) {
    return (await store.touch(id, batch.expiresAt, now)) ? draft.done(undefined) : draft.gone();
  }
  const mode = batch.mode === 'create' && !wasSent ? 'create' : 'update';
  if (mode === 'update') draft.expectBase(wasSent);
  for (let tries = 1; ; tries++) {
    if (draft.isEmpty && tries > 1) return draft.done(undefined);
    const receipt = await draft.send(store, id, mode, now);
    if (receipt === 'refused') continue;
    if (receipt === undefined) return draft.gone();
    if (receipt.conflicts.size === 0) return draft.done(receipt);
    draft.settle(receipt, tries < MAX_TRIES ? decide : keepRemote);
  }
}

const keepRemote: Decide = ({ remote }) => ({ kept: 'remote', text: remote });

/** What is left of a batch, and what it expects. */
class Draft {
  readonly #batch: Batch;
  readonly #set: Map<string, string>;
  readonly #remove: Set<string>;
  readonly #add: Map<string, number>;
  readonly #expect = new Map<string, string | undefined>();
  readonly #conflicts = new Map<string, 'remote' | 'local' | 'merged'>();

  constructor(batch: Batch) {
    this.#batch = batch;
    this.#set = new Map(batch.set);
    this.#remove = new Set(batch.remove);
    this.#add = new Map(batch.add);
  }

  get isEmpty(): boolean {
    return this.#set.size === 0 && this.#remove.size === 0 && this.#add.size === 0;
  }

  expectBase(wasSent: boolean): void {
    for (const [field, text] of this.#batch.base) if (wasSent || !this.#add.has(field)) this.#expect.set(field, text);
  }

  /** `refused`: increments of something that is no integer. They are out, and the rest is to be sent. */
  async send(
    store: SessionStore,
    id: string,
    mode: 'create' | 'update',
    now: number,
  ): Promise<CommitReceipt | undefined | 'refused'> {
    const { name, createdAt, expiresAt } = this.#batch;
    const changes = { set: this.#set, remove: [...this.#remove], add: this.#add };
    const patch: SessionPatch = { name, mode, createdAt, expiresAt, expect: this.#expect, ...changes };
    try {
      return await store.commit(id, patch, now);
    } catch (error) {
      const code = isBalancerError(error) ? error.code : undefined;
      // The name was not found, or the store would have answered.
      if (code === 'SESSION_FIELD' && this.#add.size > 0) {
        for (const field of this.#add.keys()) this.#drop(field);
        return 'refused';
      }
      if (code === 'SESSION_FIELD' || code === 'SESSION_CORRUPT') return undefined;
      throw error;
    }
  }

  settle({ version, conflicts }: CommitReceipt, decide: Decide): void {
    for (const [field, remote] of conflicts) {
      if (this.#add.has(field)) this.#settleSum(field, version);
      else this.#settleValue(field, remote, decide);
    }
  }

  done(receipt: CommitReceipt | undefined): Sent {
    const dropped = this.#dropped();
    return { receipt, applied: this.#batch.base.size - dropped, dropped, conflicts: this.#conflicts };
  }

  gone(): Sent {
    return { receipt: undefined, applied: 0, dropped: this.#batch.base.size, conflicts: new Map() };
  }

  #settleSum(field: string, version: number): void {
    if (version - this.#batch.baseVersion <= COMMIT_NAMES_KEPT) this.#expect.delete(field);
    else this.#drop(field);
  }

  #settleValue(field: string, remote: string | undefined, decide: Decide): void {
    const local = this.#set.get(field);
    // Nothing to do: either it was this very commit, or somebody else meant the same.
    if (remote === local) return this.#forget(field);
    const { kept, text } = decide({ field, base: this.#batch.base.get(field), local, remote });
    if (kept === 'remote') return this.#drop(field);
    this.#conflicts.set(field, kept);
    this.#expect.set(field, remote);
    this.#set.delete(field);
    this.#remove.delete(field);
    if (text === undefined) this.#remove.add(field);
    else this.#set.set(field, text);
  }

  #drop(field: string): void {
    this.#conflicts.set(field, 'remote');
    this.#forget(field);
  }

  #forget(field: string): void {
    this.#expect.delete(field);
    this.#set.delete(field);
    this.#remove.delete(field);
    this.#add.delete(field);
  }

  #dropped(): number {
    return [...this.#conflicts.values()].filter((kept) => kept === 'remote').length;
  }
}
