/**
 * One request's view of a session's fields: which there are, and which the request has changed.
 *
 * Fields that nobody has read are known to be unchanged (`lazy-field.ts`), and so are short plain ones that are as they were
 * (`plain-text.ts`); only the others are encoded at a commit, and compared with the text they came from. That also notices a change
 * deep inside a value, such as `session.cart.items.push(item)`.
 */
import { BalancerError } from '@evenkeel/core';
import { decodeValue } from './codec.ts';
import { assertFieldName } from './fields.ts';
import type { LazyFields } from './lazy-field.ts';
import { type FieldChanges, NO_CHANGES, notAddable } from './merge.ts';
import { isPlainTextOf, plainValue } from './plain-text.ts';
import type { FieldsObject } from '../session/session.ts';
import { LAZY } from '../session/session-object.ts';
import { encodeField, type SizeLimits } from './size-limits.ts';

/** An increment that is not stored yet, and the value the application saw after it. */
interface PendingSum {
  readonly by: number;
  readonly value: number;
}

/** Shared, and never added to. */
const NO_SUMS = new Map<string, PendingSum>();

/** The fields of one session object, and how they differ from the stored ones. */
export class SessionView implements LazyFields {
  readonly #session: FieldsObject;
  readonly #limits: SizeLimits;
  /** The encoded fields as they are in the store, as far as this request knows. The store's own snapshot until it differs. */
  #base: ReadonlyMap<string, string>;
  #sums: Map<string, PendingSum> = NO_SUMS;
  /** Fields shown that nobody had read then. */
  #lazyCount = 0;

  constructor(session: FieldsObject, limits: SizeLimits, fields: ReadonlyMap<string, string>) {
    this.#session = session;
    this.#limits = limits;
    this.#base = fields;
    for (const [name, text] of fields) this.#show(name, text);
  }

  get base(): ReadonlyMap<string, string> {
    return this.#base;
  }

  /** What the request has changed. O(fields read or assigned). @throws SESSION_FIELD for a name or value that cannot be stored */
  changes(): FieldChanges {
    let set: Map<string, string> | undefined;
    let add: Map<string, number> | undefined;
    const session = this.#session;
    assertNoSymbols(session);
    let kept = 0;
    for (const name of Object.keys(session)) {
      if (this.#isUnread(name)) {
        kept++;
        continue;
      }
      const value = session[name];
      const stored = this.#base.get(name);
      if (stored !== undefined && value !== undefined) kept++;
      if (stored !== undefined && isPlainTextOf(value, stored)) continue;
      assertFieldName(name);
      if (value === undefined) continue;
      const sum = this.#sums.get(name);
      const text = encodeField(this.#limits, name, value);
      if (sum?.value === value) (add ??= new Map()).set(name, sum.by);
      else if (text !== stored) (set ??= new Map()).set(name, text);
    }
    const isAllKept = kept === this.#base.size;
    if (isAllKept && set === undefined && add === undefined) return NO_CHANGES;
    const remove = isAllKept ? [] : [...this.#base.keys()].filter((name) => !this.#has(name));
    return { set: set ?? NO_CHANGES.set, remove, add: add ?? NO_CHANGES.add };
  }

  /** True if a field is not as it is in the store. @throws SESSION_FIELD as `changes` */
  isChanged(name: string): boolean {
    if (this.#sums.has(name)) return true;
    if (!this.#has(name)) return this.#base.has(name);
    if (this.#isUnread(name)) return false;
    return encodeField(this.#limits, name, this.#session[name]) !== this.#base.get(name);
  }

  /** Takes note that `changes` are stored; `sums` are the results of its increments. */
  settle(changes: FieldChanges, sums: ReadonlyMap<string, string>): void {
    const base = new Map(this.#base);
    for (const [name, text] of changes.set) base.set(name, text);
    for (const name of changes.remove) base.delete(name);
    for (const [name, text] of sums) {
      base.set(name, text);
      const pending = this.#sums.get(name);
      this.#sums.delete(name);
      if (pending === undefined || this.#session[name] !== pending.value) continue;
      // The application may have gone on adding while the commit was under way.
      const by = pending.by - (changes.add.get(name) ?? 0);
      const value = Number(text) + by;
      this.#session[name] = value;
      if (by !== 0) this.#pend(name, { by, value });
    }
    this.#base = base;
  }

  /** Takes `text` for what the store holds in a field, and shows it; undefined for a field that is not there. */
  settleField(name: string, text: string | undefined): void {
    const base = new Map(this.#base);
    const pending = this.#sums.get(name);
    const isPending = pending !== undefined && this.#session[name] === pending.value;
    this.#sums.delete(name);
    if (text === undefined) {
      base.delete(name);
      delete this.#session[name];
    } else {
      base.set(name, text);
      this.#show(name, text);
    }
    this.#base = base;
    // The application has added to it while the change was under way.
    if (isPending) this.increment(name, pending.by);
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
    if (pending?.value === current) this.#pend(name, { by: pending.by + by, value });
    else if (isAsStored) this.#pend(name, { by, value });
    // On top of an assignment it is part of the assignment.
    else this.#sums.delete(name);
    this.#session[name] = value;
    return value;
  }

  /** Takes `fields` for the stored ones and shows those that differ from `shown`, which is what the request has seen or written. */
  rebase(fields: ReadonlyMap<string, string>, shown: ReadonlyMap<string, string>): void {
    const session = this.#session;
    for (const name of shown.keys()) if (!fields.has(name)) delete session[name];
    this.#sums.clear();
    this.#base = fields;
    for (const [name, text] of fields) {
      if (shown.get(name) !== text) this.#show(name, text);
    }
  }

  /** Shows `fields`, taken for the stored ones, and nothing else. */
  reset(fields: ReadonlyMap<string, string>): void {
    for (const name of Object.keys(this.#session)) delete this.#session[name];
    this.#sums.clear();
    this.#base = fields;
    for (const [name, text] of fields) this.#show(name, text);
  }

  materialise(name: string): unknown {
    const text = this.#base.get(name);
    const value = text === undefined ? undefined : decodeValue(name, text);
    this.replace(name, value);
    return value;
  }

  replace(name: string, value: unknown): void {
    Object.defineProperty(this.#session, name, { value, writable: true, enumerable: true, configurable: true });
  }

  #show(name: string, text: string): void {
    const session = this.#session;
    const value = plainValue(text);
    if (value === undefined) {
      this.#lazyCount++;
      LAZY.show(session, name);
    } else if (name in session) this.replace(name, value);
    // Cheaper than a definition, and the same where nothing is inherited under this name.
    else session[name] = value;
  }

  #isUnread(name: string): boolean {
    return this.#lazyCount > 0 && LAZY.isUnread(this.#session, name);
  }

  #pend(name: string, sum: PendingSum): void {
    if (this.#sums === NO_SUMS) this.#sums = new Map();
    this.#sums.set(name, sum);
  }

  /** A field that is `undefined` counts as removed. Asked without decoding those nobody has read. */
  #has(name: string): boolean {
    const session = this.#session;
    return Object.hasOwn(session, name) && (this.#isUnread(name) || session[name] !== undefined);
  }
}

/** @throws SESSION_FIELD for a symbol */
function assertNoSymbols(session: FieldsObject): void {
  const [symbol] = Object.getOwnPropertySymbols(session);
  if (symbol === undefined) return;
  throw new BalancerError('SESSION_FIELD', `A session field cannot be named by a symbol (${String(symbol)})`);
}
