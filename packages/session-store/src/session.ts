/**
 * The session as the application sees it: an ordinary object whose own enumerable properties are the fields, and a few members on
 * its prototype. No proxy: `Object.keys`, `JSON.stringify`, spreading, `delete` and new properties do what they do with any object.
 */
import { BalancerError } from '@evenkeel/core';
import { resolveOptions, v } from '@evenkeel/core/options';
import { assertFieldName, PROTOTYPE_NAMES, refusedName, SESSION_MEMBERS } from './fields.ts';

/**
 * The fields of your application's sessions. Extend it to have them typed:
 * `declare module '@evenkeel/session-store' { interface SessionFields { user: string } }`
 */
// oxlint-disable-next-line typescript/no-empty-object-type -- made to be extended
export interface SessionFields {}

/** What `regenerate` keeps. */
export interface RegenerateOptions {
  /** Whether the fields move to the new id. The absolute timeout runs on if they do, and starts anew if not. @default true */
  readonly keepFields?: boolean;
}

/** The members that every session has beside its fields. */
export interface SessionMembers {
  /** The id as it is or will be in the cookie, without mac and route. A secret of the user's: do not log it. */
  readonly id: string;
  /** True if this request came without a session that could be found. */
  readonly isNew: boolean;
  /**
   * Gives the session a new id at once and removes the old one from the store, against session fixation. Call it at every login
   * and every change of rights.
   * @throws INVALID_OPTIONS at once, for a callback too: there is only the promise
   * @throws SESSION_GONE if another request has destroyed the session meanwhile, or if the response head has left
   * @throws SESSION_STORE, SESSION_CORRUPT from the store
   */
  regenerate(options?: RegenerateOptions): Promise<void>;
  /**
   * Removes the session from the store at once, clears all fields, and lets the response clear the cookie. Final: what this or any
   * other request in flight still changes is dropped.
   * @throws SESSION_STORE, SESSION_CORRUPT from the store
   */
  destroy(): Promise<void>;
  /**
   * Stores the changes made so far, now instead of with the response. Does nothing if nothing changed.
   * @throws SESSION_GONE if the session was destroyed, or if the response head has left without the cookie of a new session
   * @throws SESSION_FIELD if a name or a value cannot be stored
   * @throws SESSION_STORE, SESSION_CORRUPT from the store
   */
  save(): Promise<void>;
  /** Restarts the idle timeout now. Otherwise that happens by itself, at most once per touch interval. @throws SESSION_STORE */
  touch(): Promise<void>;
  /**
   * Adds to an integer field so that no concurrent increment is lost. The sum is made in the store when the session is stored;
   * a field that is not there counts as 0. After `save()` the field holds the exact sum.
   * @param by a safe integer. @default 1
   * @returns the sum as far as this request knows
   * @throws SESSION_FIELD if the field holds anything but an integer, or the sum is beyond 2^53 - 1
   */
  increment(field: string, by?: number): number;
}

/** `req.session` and `ctx.session`. */
export type Session = SessionMembers & Partial<SessionFields>;

/** A session object without its type's fields: how this package itself handles one. */
export type FieldsObject = Record<string, unknown>;

/** Makes the object; `members` does the work. */
export function sessionObject(members: SessionMembers): Session & FieldsObject {
  // The class has the members; the fields are put on the object one by one.
  return new SessionObject(members) as SessionMembers as Session & FieldsObject;
}

const REGENERATE_OPTIONS = v.strictObject({ keepFields: v.optional(v.boolean('true or false'), true) });

class SessionObject implements SessionMembers {
  readonly #members: SessionMembers;

  constructor(members: SessionMembers) {
    this.#members = members;
  }

  get id(): string {
    return this.#members.id;
  }

  get isNew(): boolean {
    return this.#members.isNew;
  }

  regenerate(options?: RegenerateOptions): Promise<void> {
    return this.#members.regenerate(resolveOptions('session.regenerate', REGENERATE_OPTIONS, options ?? {}));
  }

  destroy(...parameters: never[]): Promise<void> {
    refuseCallback('destroy', parameters);
    return this.#members.destroy();
  }

  save(...parameters: never[]): Promise<void> {
    refuseCallback('save', parameters);
    return this.#members.save();
  }

  touch(...parameters: never[]): Promise<void> {
    refuseCallback('touch', parameters);
    return this.#members.touch();
  }

  increment(field: string, by?: number): number {
    assertFieldName(field);
    if (by !== undefined && !Number.isSafeInteger(by)) {
      throw new BalancerError(
        'SESSION_FIELD',
        `The session field \`${field}\` can be incremented by safe integers only`,
      );
    }
    return this.#members.increment(field, by);
  }
}

/** express-session takes a callback here. One that is never called would leave its request without an answer. */
function refuseCallback(method: string, parameters: readonly unknown[]): void {
  if (!parameters.some((parameter) => typeof parameter === 'function')) return;
  throw new BalancerError('INVALID_OPTIONS', `session.${method}: takes no callback; await the promise that it returns`);
}

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
