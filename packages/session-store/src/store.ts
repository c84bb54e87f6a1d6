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
  /** Whose session it is, if somebody has logged in. */
  readonly principal: string | undefined;
  /** The session has moved to another id. This is what it held then; it can be read, and never changes again. */
  readonly isRetired: boolean;
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
  /** Whose session it is from its first moment; stored by `create`, ignored by `update`. @default nobody's */
  readonly principal?: string | undefined;
  /**
   * The name of this commit, 8 characters of `A-Za-z0-9_-`. Whoever sends a commit again under the name that it had gets the answer
   * again, and nothing is applied twice. @default a random one
   */
  readonly name?: string | undefined;
  /** What fields must hold, encoded; undefined for one that must not be there. Otherwise nothing is stored. @default no condition */
  readonly expect?: ReadonlyMap<string, string | undefined>;
  /** Field name to encoded value. */
  readonly set: ReadonlyMap<string, string>;
  readonly remove: readonly string[];
  /** Field name to an integer that is added to the stored one; a field that is not there counts as 0. */
  readonly add: ReadonlyMap<string, number>;
}

/** How many names of commits a store remembers of each session. */
export const COMMIT_NAMES_KEPT = 8;

/** What a commit did. */
export interface CommitReceipt {
  /** The session's version now; of a commit that is sent again, too, so that two commits may name the same one. */
  readonly version: number;
  /** The exact encoded results of the patch's `add`; of a commit that is sent again, what has become of them. */
  readonly sums: ReadonlyMap<string, string>;
  /** Fields of `expect` that held something else, and what; undefined for one that is not there. Not empty: nothing was stored. */
  readonly conflicts: ReadonlyMap<string, string | undefined>;
}

/** A session as people look after it. */
export interface ListedSession {
  /** The digest under which the store keeps the session. No cookie can be made from it. */
  readonly key: string;
  readonly record: SessionRecord;
}

/** `strong`: as the store has it now. `bounded`: a copy in this process will do, if it is known not to be older than its lease. */
export type Consistency = 'strong' | 'bounded';

/**
 * Where sessions live. Every method is one atomic step, for all processes that share the store.
 * @throws SESSION_STORE if the store does not answer or refuses; whether a write took effect is then unknown
 * @throws SESSION_CORRUPT if what lies under the session's key is not of this library's making
 */
export interface SessionStore {
  /**
   * The session, or undefined if there is none, its time is over at `now`, or its principal was revoked since it began.
   * @param consistency only a store with a near cache heeds it. @default 'bounded'
   */
  load(id: string, now: number, consistency?: Consistency): Promise<SessionRecord | undefined>;
  /** What `load` would say, if that is known without asking anybody; `null` if not. */
  peek?(id: string, now: number): SessionRecord | undefined | null;
  /**
   * Applies a patch as a whole or not at all. Fields the patch does not name keep their value; of two commits of one field the
   * later one wins.
   * @returns undefined if the patch is an `update` and the session is gone or retired: nothing was stored
   * @throws SESSION_FIELD if an `add` meets anything but an integer, or leaves the range of safe integers
   * @throws SESSION_CORRUPT if the patch is a `create` and the id is in use
   */
  commit(id: string, patch: SessionPatch, now: number): Promise<CommitReceipt | undefined>;
  /** Moves the end of the session's time. False if there is no session, or it is retired. Never makes one. */
  touch(id: string, expiresAt: number, now: number): Promise<boolean>;
  /** Removes the session for good and returns what it last held; undefined if there was none. */
  destroy(id: string, now: number): Promise<SessionRecord | undefined>;
  /**
   * The session goes on under another id: from now on what this one holds can be read and not changed, until `until` at most.
   * @returns what it holds; of one that is retired already, the same again. Undefined if there is none, or its principal was revoked
   */
  retire(id: string, until: number, now: number): Promise<SessionRecord | undefined>;
  /** The principal's sessions that can still be used, oldest first. O(sessions of the principal) */
  list(principal: string, now: number): Promise<readonly ListedSession[]>;
  /** Ends one of them, by its key. False if it was not there. */
  end(key: string, now: number): Promise<boolean>;
  /** Ends all sessions that the principal has now, on all instances; whoever logs in afterwards stays. */
  revoke(principal: string, now: number): Promise<void>;
}
