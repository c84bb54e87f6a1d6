/**
 * The session object: an ordinary object whose own enumerable properties are the fields, with a few members on its prototype. No
 * proxy: `Object.keys`, `JSON.stringify`, spreading, `delete` and new properties do what they do with any object.
 */
import { BalancerError } from '@evenkeel/core';
import { resolveOptions, v } from '@evenkeel/core/options';
import { assertFieldName, PROTOTYPE_NAMES, refusedName, SESSION_MEMBERS } from '../fields/fields.ts';
import { type LazyAccessors, lazyAccessors, type LazyFields } from '../fields/lazy-field.ts';
import type {
  FieldsObject,
  LoginOptions,
  PrincipalSession,
  RegenerateOptions,
  Session,
  SessionCallback,
  SessionMembers,
} from './session.ts';

/** What does the work behind the members. Names and options are checked already. */
export interface SessionWork extends Pick<SessionMembers, 'id' | 'isNew' | 'principal' | 'destroyAll' | 'listAll'> {
  readonly fields: LazyFields;
  regenerate(keepFields: boolean): Promise<void>;
  /** Puts a new session in this one's place. */
  replace(): Promise<void>;
  login(principal: string, keepFields: boolean | undefined): Promise<void>;
  destroy(): Promise<void>;
  save(): Promise<void>;
  reload(): Promise<void>;
  touch(): Promise<void>;
  increment(field: string, by: number): number;
  update(field: string, change: (current: unknown) => unknown): Promise<unknown>;
  cas(field: string, expected: unknown, value: unknown): Promise<boolean>;
  take(field: string): Promise<unknown>;
}

/** Makes the object; `work` does the work. */
export function sessionObject(work: SessionWork): Session & FieldsObject {
  // The class has the members; the fields are put on the object one by one.
  return new SessionObject(work) as unknown as Session & FieldsObject;
}

const KEEP_FIELDS = v.boolean('true or false');
const REGENERATE_OPTIONS = v.strictObject({ keepFields: v.optional(KEEP_FIELDS, true) });
const LOGIN_OPTIONS = v.strictObject({
  principal: v.pipe(
    v.string('a text of 1 to 256 characters'),
    v.regex(/^\P{Cs}{1,256}$/su, 'a text of 1 to 256 characters'),
  ),
  keepFields: v.optional(KEEP_FIELDS),
});

class SessionObject {
  readonly #work: SessionWork;

  constructor(work: SessionWork) {
    this.#work = work;
  }

  static fieldsOf(object: object): LazyFields | undefined {
    return #work in object ? object.#work.fields : undefined;
  }

  get id(): string {
    return this.#work.id;
  }

  get isNew(): boolean {
    return this.#work.isNew;
  }

  get principal(): string | undefined {
    return this.#work.principal;
  }

  regenerate(options?: RegenerateOptions | SessionCallback): Promise<void> | this {
    if (typeof options === 'function') return this.#told(options, this.#work.replace());
    return this.#work.regenerate(resolveOptions('session.regenerate', REGENERATE_OPTIONS, options ?? {}).keepFields);
  }

  login(principal: string, options?: LoginOptions): Promise<void> {
    const checked = resolveOptions('session.login', LOGIN_OPTIONS, { ...options, principal });
    return this.#work.login(checked.principal, checked.keepFields);
  }

  logout(): Promise<void> {
    return this.#work.destroy();
  }

  destroy(callback?: SessionCallback): Promise<void> | this {
    return this.#told(callback, this.#work.destroy());
  }

  destroyAll(): Promise<void> {
    return this.#work.destroyAll();
  }

  listAll(): Promise<readonly PrincipalSession[]> {
    return this.#work.listAll();
  }

  save(callback?: SessionCallback): Promise<void> | this {
    return this.#told(callback, this.#work.save());
  }

  reload(callback?: SessionCallback): Promise<void> | this {
    return this.#told(callback, this.#work.reload());
  }

  touch(callback?: SessionCallback): Promise<void> | this {
    return this.#told(callback, this.#work.touch());
  }

  increment(field: string, by: number = 1): number {
    assertFieldName(field);
    if (!Number.isSafeInteger(by)) {
      throw new BalancerError(
        'SESSION_FIELD',
        `The session field \`${field}\` can be incremented by safe integers only`,
      );
    }
    return this.#work.increment(field, by);
  }

  update(field: string, change: (current: unknown) => unknown): Promise<unknown> {
    assertFieldName(field);
    if (typeof change !== 'function') {
      throw new BalancerError('INVALID_OPTIONS', 'session.update: `change` must be a function');
    }
    return this.#work.update(field, change);
  }

  cas(field: string, expected: unknown, value: unknown): Promise<boolean> {
    assertFieldName(field);
    return this.#work.cas(field, expected, value);
  }

  take(field: string): Promise<unknown> {
    assertFieldName(field);
    return this.#work.take(field);
  }

  #told(callback: SessionCallback | undefined, work: Promise<void>): Promise<void> | this {
    if (typeof callback !== 'function') return work;
    // In a turn of its own: what the callback throws is the caller's failure and must not come back to it as the store's.
    work.then(
      () => process.nextTick(callback),
      (error: Error) => process.nextTick(callback, error),
    );
    return this;
  }
}

/** The fields of session objects. */
export const LAZY: LazyAccessors = lazyAccessors(SessionObject.fieldsOf);

// Assigning to a reserved name must fail where it is written, not when the session is stored, and above all not reach a prototype:
// `Object.assign(session, JSON.parse(body))` would otherwise replace the session's.
for (const name of [...SESSION_MEMBERS, ...PROTOTYPE_NAMES]) {
  const { get, value } = Object.getOwnPropertyDescriptor(SessionObject.prototype, name) ?? {};
  Object.defineProperty(SessionObject.prototype, name, {
    get: get ?? (() => value),
    set() {
      throw refusedName(name);
    },
    enumerable: false,
    configurable: false,
  });
}
