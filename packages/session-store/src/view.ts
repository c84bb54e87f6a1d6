/**
 * One request's view of a session's fields: which there are, and which the request has changed.
 *
 * A stored field is an accessor that holds the encoded text. Reading it or assigning to it turns it into a plain property, so at a
 * commit every accessor that is still there is known to be unchanged, and only the others are encoded and compared with the text
 * they came from. That also notices a change deep inside a value, such as `session.cart.items.push(item)`.
 */
import { BalancerError } from '@evenkeel/core';
import { decodeValue, encodeValue } from './codec.ts';
import { assertFieldName } from './fields.ts';
import { type FieldChanges, notAddable } from './merge.ts';
import type { FieldsObject } from './session.ts';

/** An increment that is not stored yet, and the value the application saw after it. */
interface PendingSum {
  readonly by: number;
  readonly value: number;
}

/** The fields of one session object, and how they differ from the stored ones. */
export class SessionView {
  readonly #session: FieldsObject;
  /** The encoded fields as they are in the store, as far as this request knows. */
  readonly #base = new Map<string, string>();
  /** The getters of the fields that nobody has read. */
  readonly #unread = new Map<string, () => unknown>();
  readonly #sums = new Map<string, PendingSum>();

  constructor(session: FieldsObject, fields: ReadonlyMap<string, string>) {
    this.#session = session;
    for (const [name, text] of fields) this.#show(name, text);
  }

  get base(): ReadonlyMap<string, string> {
    return this.#base;
  }

  /** What the request has changed. O(fields read or assigned). @throws SESSION_FIELD for a name or value that cannot be stored */
  changes(): FieldChanges {
    const set = new Map<string, string>();
    const add = new Map<string, number>();
    assertNoSymbols(this.#session);
    for (const name of Object.keys(this.#session)) {
      if (this.#isUnread(name)) continue;
      assertFieldName(name);
      const value = this.#session[name];
      if (value === undefined) continue;
      const sum = this.#sums.get(name);
      const text = encodeValue(name, value);
      if (sum?.value === value) add.set(name, sum.by);
      else if (text !== this.#base.get(name)) set.set(name, text);
    }
    return { set, remove: [...this.#base.keys()].filter((name) => !this.#has(name)), add };
  }

  /** Takes note that `changes` are stored; `sums` are the results of its increments. */
  settle(changes: FieldChanges, sums: ReadonlyMap<string, string>): void {
    for (const [name, text] of changes.set) this.#base.set(name, text);
    for (const name of changes.remove) this.#base.delete(name);
    for (const [name, text] of sums) {
      this.#base.set(name, text);
      const pending = this.#sums.get(name);
      this.#sums.delete(name);
      if (pending === undefined || this.#session[name] !== pending.value) continue;
      // The application may have gone on adding while the commit was under way.
      const by = pending.by - (changes.add.get(name) ?? 0);
      const value = Number(text) + by;
      this.#session[name] = value;
      if (by !== 0) this.#sums.set(name, { by, value });
    }
  }

  /** Adds to a field and returns the sum as this request sees it. @throws SESSION_FIELD */
  increment(name: string, by: number): number {
    const isHere = this.#has(name);
    const current = isHere ? this.#session[name] : 0;
    if (typeof current !== 'number' || !Number.isSafeInteger(current) || !Number.isSafeInteger(current + by)) {
      throw notAddable(name);
    }
    const value = current + by;
    const pending = this.#sums.get(name);
    const isAsStored = isHere ? this.#base.get(name) === String(current) : !this.#base.has(name);
    if (pending?.value === current) this.#sums.set(name, { by: pending.by + by, value });
    else if (isAsStored) this.#sums.set(name, { by, value });
    // On top of an assignment it is part of the assignment.
    else this.#sums.delete(name);
    this.#session[name] = value;
    return value;
  }

  /** Takes `fields` for the stored ones and shows those that differ from `shown`, which is what the request has seen or written. */
  rebase(fields: ReadonlyMap<string, string>, shown: ReadonlyMap<string, string>): void {
    for (const name of shown.keys()) if (!fields.has(name)) delete this.#session[name];
    this.#base.clear();
    this.#sums.clear();
    for (const [name, text] of fields) {
      if (shown.get(name) === text) this.#base.set(name, text);
      else this.#show(name, text);
    }
  }

  /** Forgets all fields, as if there had never been any. */
  clear(): void {
    for (const name of Object.keys(this.#session)) delete this.#session[name];
    this.#base.clear();
    this.#unread.clear();
    this.#sums.clear();
  }

  #show(name: string, text: string): void {
    const session = this.#session;
    const materialise = (value: unknown): void => {
      this.#unread.delete(name);
      Object.defineProperty(session, name, { value, writable: true, enumerable: true, configurable: true });
    };
    const get = (): unknown => {
      const value = decodeValue(name, text);
      materialise(value);
      return value;
    };
    this.#base.set(name, text);
    this.#unread.set(name, get);
    Object.defineProperty(session, name, { get, set: materialise, enumerable: true, configurable: true });
  }

  #isUnread(name: string): boolean {
    const get = this.#unread.get(name);
    return get !== undefined && Object.getOwnPropertyDescriptor(this.#session, name)?.get === get;
  }

  /** A field that is `undefined` counts as removed. Asked without decoding those nobody has read. */
  #has(name: string): boolean {
    return Object.hasOwn(this.#session, name) && (this.#isUnread(name) || this.#session[name] !== undefined);
  }
}

function assertNoSymbols(session: FieldsObject): void {
  const [symbol] = Object.getOwnPropertySymbols(session);
  if (symbol === undefined) return;
  throw new BalancerError('SESSION_FIELD', `A session field cannot be named by a symbol (${String(symbol)})`);
}
