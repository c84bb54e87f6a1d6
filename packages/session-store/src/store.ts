/**
 * What the session layer asks of a store: field-level patches that are merged atomically, so that concurrent requests on any
 * instances lose nothing, and an update that never revives what another request destroyed.
 *
 * All times are milliseconds since the Unix epoch, handed in by the caller; a store reads no clock of its own for decisions.
 */

/** One session as stored. A snapshot: later commits do not change it. */
export interface SessionRecord {
  /** Grows by one with each commit, from 1. */
  readonly version: number;
  readonly createdAt: number;
  /** The last commit or touch. */
  readonly touchedAt: number;
  /** From this moment on the session is not there. */
  readonly expiresAt: number;
  /** Field name to encoded value. */
  readonly fields: ReadonlyMap<string, string>;
}

/** The changes of one request. A field name occurs in at most one of `set`, `remove` and `add`. */
export interface SessionPatch {
  /** `create` makes a session that is not there yet; `update` changes one only if it is there. */
  readonly mode: 'create' | 'update';
  /** Stored by `create`; ignored by `update`. */
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Field name to encoded value. */
  readonly set: ReadonlyMap<string, string>;
  readonly remove: readonly string[];
  /** Field name to an integer that is added to the stored one; a field that is not there counts as 0. */
  readonly add: ReadonlyMap<string, number>;
}

/** What a commit did. */
export interface CommitReceipt {
  readonly version: number;
  /** The exact encoded results of the patch's `add`. */
  readonly sums: ReadonlyMap<string, string>;
}

/**
 * Where sessions live. Every method is one atomic step, for all processes that share the store.
 * @throws SESSION_STORE if the store does not answer or refuses; whether a write took effect is then unknown
 * @throws SESSION_CORRUPT if what lies under the session's key is not of this library's making
 */
export interface SessionStore {
  /** The session, or undefined if there is none or its time is over at `now`. */
  load(id: string, now: number): Promise<SessionRecord | undefined>;
  /**
   * Applies a patch as a whole or not at all. Fields the patch does not name keep their value; of two commits of one field the
   * later one wins.
   * @returns undefined if the patch is an `update` and the session is gone: nothing was stored
   * @throws SESSION_FIELD if an `add` meets anything but an integer, or leaves the range of safe integers
   * @throws SESSION_CORRUPT if the patch is a `create` and the id is in use
   */
  commit(id: string, patch: SessionPatch, now: number): Promise<CommitReceipt | undefined>;
  /** Moves the end of the session's time. False if there is no session. Never makes one. */
  touch(id: string, expiresAt: number, now: number): Promise<boolean>;
  /** Removes the session for good and returns what it last held; undefined if there was none. */
  destroy(id: string, now: number): Promise<SessionRecord | undefined>;
}
