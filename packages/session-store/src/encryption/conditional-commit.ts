/**
 * Commits that depend on what is stored, where the store sees ciphertexts only. An `add` becomes a `set` of the sum, and what a field
 * must hold becomes the ciphertext that was read and does hold it: the store compares that, atomically with the commit. If somebody was
 * faster, its answer has the ciphertexts of now, and the next try starts from those, one round trip each.
 *
 * A value that is *not* what the patch expects is not answered from the read either. The commit is sent all the same, with a condition
 * that cannot hold: the store alone knows whether it has applied a commit of this name before, and then that is the answer.
 */
import { addToField, acceptance, refusal } from '../fields/merge.ts';
import type { CommitReceipt, SessionPatch, SessionRecord, SessionStore } from '../store.ts';
import { storeError } from '../store-error.ts';
import type { FieldCipher } from './field-cipher.ts';

/** With eight instances that write one field all the time, one commit of a million loses so often. */
const MAX_TRIES = 100;

const NOTHING: ReadonlyMap<string, never> = new Map<string, never>();

/** One commit that has an `add` or an `expect`. */
export class ConditionalCommit {
  readonly #store: SessionStore;
  readonly #cipher: FieldCipher;
  readonly #patch: SessionPatch;
  /** The ciphertexts of `set`. */
  readonly #set: ReadonlyMap<string, string>;
  /** What the store holds of the fields in question, as far as we know. */
  readonly #held = new Map<string, string | undefined>();
  #version = 0;

  constructor(store: SessionStore, cipher: FieldCipher, patch: SessionPatch, set: ReadonlyMap<string, string>) {
    this.#store = store;
    this.#cipher = cipher;
    this.#patch = patch;
    this.#set = set;
  }

  async run(id: string, now: number): Promise<CommitReceipt | undefined> {
    if (this.#patch.mode === 'update') {
      const record = await this.#store.load(id, now, 'strong');
      if (record === undefined) return undefined;
      this.#take(record);
      if (record.isRetired) return this.#repeated(id, now, NOTHING);
    }
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const sums = await this.#sums(id, now);
      if (!(sums instanceof Map)) return sums;
      const receipt = await this.#send(id, now, sums, this.#conditions());
      if (receipt === undefined) return undefined;
      // A version that we have seen already is that of a commit which was applied under this name before.
      const isRepeated = receipt.version <= this.#version;
      if (receipt.conflicts.size === 0) return acceptance(receipt.version, isRepeated ? this.#values() : sums);
      this.#version = receipt.version;
      for (const [name, text] of receipt.conflicts) this.#held.set(name, text);
      const conflicts = this.#conflicts();
      if (conflicts.size > 0) return refusal(receipt.version, conflicts);
    }
    throw storeError('The session is changed too often', new Error(`${MAX_TRIES} tries to commit were overtaken`));
  }

  #take({ version, fields }: SessionRecord): void {
    this.#version = version;
    for (const name of this.#patch.expect?.keys() ?? []) this.#held.set(name, fields.get(name));
    for (const name of this.#patch.add.keys()) this.#held.set(name, fields.get(name));
  }

  /** The sums of now; or the answer to a commit that was applied before, when the field could still be added to. */
  async #sums(id: string, now: number): Promise<Map<string, string> | CommitReceipt | undefined> {
    const sums = new Map<string, string>();
    for (const [name, by] of this.#patch.add) {
      try {
        sums.set(name, addToField(name, this.#open(name), by));
      } catch (error) {
        if (this.#patch.name === undefined) throw error;
        const receipt = await this.#repeated(id, now, new Map([[name, this.#cipher.seal(name, '')]]));
        if (receipt?.conflicts.size === 0) return receipt;
        throw error;
      }
    }
    return sums;
  }

  /** Asks for the answer to a commit that was applied before, under a condition that nothing meets or of a session that is retired. */
  async #repeated(id: string, now: number, expect: SessionPatch['expect'] & {}): Promise<CommitReceipt | undefined> {
    const receipt = await this.#send(id, now, NOTHING, expect);
    if (receipt === undefined || receipt.conflicts.size > 0) return receipt;
    return acceptance(receipt.version, this.#values());
  }

  #send(
    id: string,
    now: number,
    sums: ReadonlyMap<string, string>,
    expect: SessionPatch['expect'] & {},
  ): Promise<CommitReceipt | undefined> {
    const set = new Map(this.#set);
    for (const [name, sum] of sums) set.set(name, this.#cipher.seal(name, sum));
    return this.#store.commit(id, { ...this.#patch, set, add: NOTHING, expect }, now);
  }

  #conditions(): Map<string, string | undefined> {
    const conditions = new Map<string, string | undefined>();
    for (const name of this.#patch.add.keys()) conditions.set(name, this.#held.get(name));
    for (const [name, wanted] of this.#patch.expect ?? NOTHING) {
      if (this.#open(name) === wanted) conditions.set(name, this.#held.get(name));
      // A fresh ciphertext is one that no store holds.
      else conditions.set(name, wanted === undefined ? undefined : this.#cipher.seal(name, wanted));
    }
    return conditions;
  }

  #conflicts(): Map<string, string | undefined> {
    const conflicts = new Map<string, string | undefined>();
    for (const [name, wanted] of this.#patch.expect ?? NOTHING) {
      const value = this.#open(name);
      if (value !== wanted) conflicts.set(name, value);
    }
    return conflicts;
  }

  /** What stores answer to a repeated commit: the fields of `add` as they are now. */
  #values(): Map<string, string> {
    return new Map([...this.#patch.add.keys()].map((name) => [name, this.#open(name) ?? '0']));
  }

  #open(name: string): string | undefined {
    const text = this.#held.get(name);
    return text === undefined ? undefined : this.#cipher.open(name, text);
  }
}
