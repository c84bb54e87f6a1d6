/**
 * A store that keeps only ciphertexts of field values in another one. For stores that others can read: a Redis that is shared, its
 * dumps and replicas, the file of a SQLite. What stays readable are field names, the lengths of values, versions, times, and whose
 * session it is.
 *
 * Put it next to the store that leaves the process, inside of a cache: `nearCache(encrypted(redisSessionStore(...)))`. A hit then costs
 * no decryption. The keys are in this process's memory anyway, so plain values beside them give nothing away.
 */
import { isBalancerError } from '@evenkeel/core';
import { objectWith, resolveOptions, v } from '@evenkeel/core/options';
import { sessionKey } from '../session-key.ts';
import type { CommitReceipt, ListedSession, SessionPatch, SessionRecord, SessionStore } from '../store.ts';
import { ConditionalCommit } from './conditional-commit.ts';
import { FieldCipher, keyRing, type KeyRing } from './field-cipher.ts';

/** Options of `encrypted`. */
export interface EncryptionOptions {
  /**
   * 32 bytes each, as a Buffer or in base64, 1..16 of them. The first encrypts, all decrypt. To change it, put the new one first and
   * drop the old one when the absolute timeout has passed; a value is encrypted anew when it is changed.
   */
  readonly keys: readonly (Uint8Array | string)[];
  /**
   * Takes values that are not encrypted for what they are, to encrypt a store that is in use. Switch it off when the absolute timeout
   * has passed: until then, who can write to the store can put values there. @default false
   */
  readonly allowPlaintext?: boolean;
}

const OPTIONS = v.strictObject({
  // Checked apart, for a message of this schema would quote the value.
  keys: v.unknown(),
  allowPlaintext: v.optional(v.boolean('true or false'), false),
});
const STORE = objectWith<SessionStore>('a session store', 'load', 'commit', 'touch', 'destroy', 'retire', 'list');

/**
 * A store over `store` that encrypts the values of fields with AES-256-GCM. About 6 us to write a value and 4 to read one, and 3 for
 * each session. A commit with an `add` or an `expect` reads the session first, which is one more call of `store` with a deadline of its
 * own, and is repeated when somebody else was faster.
 * @returns a store that throws what `store` does, and SESSION_CORRUPT for a value that was tampered with, moved to another field or
 * session, cut, or encrypted with a key that is not among `keys`; `destroy` throws it when the session is gone
 * @throws INVALID_OPTIONS
 */
export function encrypted(store: SessionStore, options: EncryptionOptions): SessionStore {
  const inner = resolveOptions('encrypted', v.strictObject({ store: STORE }), { store }).store;
  const { keys, allowPlaintext } = resolveOptions('encrypted', OPTIONS, options);
  const wrapped = new EncryptedSessionStore(inner, keyRing('encrypted', keys), allowPlaintext);
  // Only a store that can be peeked into has the method.
  return inner.peek === undefined ? wrapped : Object.assign(wrapped, { peek: peekInto(inner, wrapped) });
}

function peekInto(inner: SessionStore, wrapped: EncryptedSessionStore): SessionStore['peek'] & {} {
  return (id, now) => {
    const record = inner.peek?.(id, now);
    return record ? wrapped.opened(sessionKey(id), record) : record;
  };
}

class EncryptedSessionStore implements SessionStore {
  readonly #store: SessionStore;
  readonly #ring: KeyRing;
  readonly #isPlaintextAllowed: boolean;
  /** The last of the commits of each session that wait for each other. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(store: SessionStore, ring: KeyRing, isPlaintextAllowed: boolean) {
    this.#store = store;
    this.#ring = ring;
    this.#isPlaintextAllowed = isPlaintextAllowed;
  }

  async load(
    id: string,
    ...rest: [now: number, consistency?: 'strong' | 'bounded']
  ): Promise<SessionRecord | undefined> {
    const record = await this.#store.load(id, ...rest);
    return record && this.opened(sessionKey(id), record);
  }

  async commit(id: string, patch: SessionPatch, now: number): Promise<CommitReceipt | undefined> {
    const key = sessionKey(id);
    const cipher = this.#cipherOf(key);
    const set = new Map<string, string>();
    for (const [name, text] of patch.set) set.set(name, cipher.seal(name, text));
    if (patch.add.size === 0 && (patch.expect?.size ?? 0) === 0) return this.#store.commit(id, { ...patch, set }, now);
    const commit = new ConditionalCommit(this.#store, cipher, patch, set);
    return this.#inTurn(key, () => commit.run(id, now));
  }

  touch(id: string, expiresAt: number, now: number): Promise<boolean> {
    return this.#store.touch(id, expiresAt, now);
  }

  async destroy(id: string, now: number): Promise<SessionRecord | undefined> {
    const record = await this.#store.destroy(id, now);
    return record && this.opened(sessionKey(id), record);
  }

  async retire(id: string, until: number, now: number): Promise<SessionRecord | undefined> {
    const record = await this.#store.retire(id, until, now);
    return record && this.opened(sessionKey(id), record);
  }

  async list(principal: string, now: number): Promise<readonly ListedSession[]> {
    const sessions = await this.#store.list(principal, now);
    return sessions.map(({ key, record }) => ({ key, record: this.opened(key, record) }));
  }

  end(key: string, now: number): Promise<boolean> {
    return this.#store.end(key, now);
  }

  revoke(principal: string, now: number): Promise<void> {
    return this.#store.revoke(principal, now);
  }

  /** The record with its values decrypted. */
  opened(key: string, record: SessionRecord): SessionRecord {
    const cipher = this.#cipherOf(key);
    const fields = new Map<string, string>();
    for (const [name, text] of record.fields) fields.set(name, cipher.open(name, text));
    return { ...record, fields };
  }

  #cipherOf(key: string): FieldCipher {
    return new FieldCipher(this.#ring, key, this.#isPlaintextAllowed);
  }

  /**
   * One after the other in this process, since commits that all start from the same value are overtaken by each other. If the store
   * does not answer one, those that wait for it fail with it, instead of each waiting for the deadlines of all before it.
   */
  async #inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const turn = this.#turnAfter(this.#turns.get(key), work);
    this.#turns.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(key) === turn) this.#turns.delete(key);
    }
  }

  async #turnAfter<T>(previous: Promise<unknown> | undefined, work: () => Promise<T>): Promise<T> {
    try {
      await previous;
    } catch (error) {
      if (isBalancerError(error) && error.code === 'SESSION_STORE') throw error;
    }
    return work();
  }
}
