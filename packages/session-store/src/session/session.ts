/** The session as the application sees it: what it has beside its fields. `session-object.ts` makes one. */

/**
 * The fields of your application's sessions. Extend it to have them typed:
 * `declare module '@evenkeel/session-store' { interface SessionFields { user: string } }`
 */
// oxlint-disable-next-line typescript/no-empty-object-type -- made to be extended
export interface SessionFields {}

/** The type of a field's value: what `SessionFields` says, `unknown` where it says nothing. */
export type FieldValue<Name extends string> = Name extends keyof SessionFields ? SessionFields[Name] : unknown;

/** What `regenerate` keeps. */
export interface RegenerateOptions {
  /** Whether the fields move to the new id. The absolute timeout runs on if they do, and starts anew if not. @default true */
  readonly keepFields?: boolean;
}

/** What `login` keeps. */
export interface LoginOptions {
  /** Whether the fields move to the new id. @default true, and false if the session was another principal's */
  readonly keepFields?: boolean;
}

/** One of a principal's sessions, as it was when it was listed. */
export interface PrincipalSession {
  /** The digest under which the store keeps it: a name for it in a page or a log. No cookie can be made from it. */
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Milliseconds since the epoch; late by at most the touch interval. */
  readonly lastUsedAt: number;
  /** True for the session that the list was asked of. */
  readonly isCurrent: boolean;
  /** What it held. Decoded when read, which throws SESSION_CORRUPT for what is not of this library's making. */
  // oxlint-disable-next-line typescript/no-generated-empty-object-type -- extended by the application
  readonly fields: Readonly<Partial<SessionFields>>;
  /** Ends it, on all instances. False if it was not there any more. @throws SESSION_STORE from the store */
  end(): Promise<boolean>;
}

/** Called once, never before the call that it was given to returns. */
export type SessionCallback = (error?: Error) => void;

/**
 * The members that every session has beside its fields.
 *
 * Those that take a callback are for code written for express-session: they return the session then, and the callback has the error
 * that the promise would reject with.
 */
export interface SessionMembers {
  /** The id as it is or will be in the cookie, without mac and route. A secret of the user's: do not log it. */
  readonly id: string;
  /** True if this request came without a session that could be found. */
  readonly isNew: boolean;
  /** Whose session it is: what `login` was given. */
  readonly principal: string | undefined;
  /**
   * Gives the session a new id at once, against session fixation. Call it at every change of rights; `login` does it by itself. For
   * `retireMs` requests that are under way with the old id still see what the session held before, and change nothing.
   * @throws INVALID_OPTIONS at once
   * @throws SESSION_GONE if another request has destroyed the session meanwhile, or if the response head has left
   * @throws SESSION_STORE, SESSION_CORRUPT from the store
   */
  regenerate(options?: RegenerateOptions): Promise<void>;
  /** As express-session does it: destroys the session, and puts a new and empty one on the request. This object keeps its fields. */
  regenerate(callback: SessionCallback): this;
  /**
   * Makes the session the principal's, under a new id from its first moment; the absolute timeout starts anew. What another request
   * destroyed meanwhile stays so: the session starts empty then.
   * @param principal who has logged in, such as the key of a user: 1..256 characters
   * @throws INVALID_OPTIONS at once
   * @throws SESSION_GONE if the response head has left
   * @throws SESSION_STORE, SESSION_CORRUPT from the store
   */
  login(principal: string, options?: LoginOptions): Promise<void>;
  /** `destroy()`. */
  logout(): Promise<void>;
  /**
   * Removes the session from the store at once, clears all fields, and lets the response clear the cookie. Final: what this or any
   * other request in flight still changes is dropped.
   * @throws SESSION_STORE, SESSION_CORRUPT from the store
   */
  destroy(): Promise<void>;
  destroy(callback: SessionCallback): this;
  /**
   * Log out everywhere: ends all sessions that the principal has now, on all instances, and this one as `destroy` does, which is all
   * it does if nobody has logged in.
   * @throws SESSION_STORE, SESSION_CORRUPT from the store
   */
  destroyAll(): Promise<void>;
  /** The principal's sessions, oldest first; none if nobody has logged in. @throws SESSION_STORE, SESSION_CORRUPT from the store */
  listAll(): Promise<readonly PrincipalSession[]>;
  /**
   * Stores the changes made so far, now instead of with the response. Does nothing if nothing changed.
   * @throws SESSION_GONE if the session was destroyed or has moved to another id, or if the response head has left without the cookie
   * of a new session
   * @throws SESSION_FIELD if a name or a value cannot be stored
   * @throws SESSION_STORE, SESSION_CORRUPT from the store
   */
  save(): Promise<void>;
  save(callback: SessionCallback): this;
  /**
   * Forgets what is not stored and shows the session as it is in the store now.
   * @throws SESSION_GONE if it is not there
   * @throws SESSION_STORE, SESSION_CORRUPT from the store
   */
  reload(): Promise<void>;
  reload(callback: SessionCallback): this;
  /** Restarts the idle timeout now. Otherwise that happens by itself, at most once per touch interval. @throws SESSION_STORE */
  touch(): Promise<void>;
  touch(callback: SessionCallback): this;
  /**
   * Adds to an integer field so that no concurrent increment is lost. The sum is made in the store when the session is stored;
   * a field that is not there counts as 0. After `save()` the field holds the exact sum.
   * @param by a safe integer. @default 1
   * @returns the sum as far as this request knows
   * @throws SESSION_FIELD if the field holds anything but an integer, or the sum is beyond 2^53 - 1
   */
  increment(field: string, by?: number): number;
  /**
   * Changes a field so that no concurrent change of it is lost: at once, and computed again if another request came first. Read the
   * field anew afterwards; its value is another object.
   * @param change makes the new value of a copy of the current one, and may be called up to 5 times; `undefined` removes the field
   * @returns the new value
   * @throws SESSION_CONFLICT if another request came first each time
   * @throws SESSION_GONE, SESSION_FIELD, SESSION_STORE, SESSION_CORRUPT as `save`, and whatever `change` throws
   */
  update<Name extends string>(
    field: Name,
    change: (current: FieldValue<Name> | undefined) => FieldValue<Name> | undefined,
  ): Promise<FieldValue<Name> | undefined>;
  /**
   * Stores `value` at once, if the store holds `expected`; `undefined` stands for no such field. Values are compared as they are
   * stored, so the properties of an object must come in the same order.
   * @returns whether it did. If not, the field shows what the store holds
   * @throws SESSION_GONE, SESSION_FIELD, SESSION_STORE, SESSION_CORRUPT as `save`
   */
  cas<Name extends string>(
    field: Name,
    expected: FieldValue<Name> | undefined,
    value: FieldValue<Name> | undefined,
  ): Promise<boolean>;
  /**
   * Removes a field at once and returns what it held, for what is to be read once, such as a notice or a token: of concurrent
   * requests one gets it. `undefined` if there is none, or the session is gone or has moved to another id.
   * @throws SESSION_CONFLICT, SESSION_FIELD, SESSION_STORE, SESSION_CORRUPT as `update`
   */
  take<Name extends string>(field: Name): Promise<FieldValue<Name> | undefined>;
}

/** `req.session` and `ctx.session`. */
export type Session = SessionMembers & Partial<SessionFields>;

/** A session object without its type's fields: how this package itself handles one. */
export type FieldsObject = Record<string, unknown>;
