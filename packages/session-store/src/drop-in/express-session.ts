/**
 * Stores for applications that stay with express-session or @fastify/session: not a line of them changes, and concurrent requests no
 * longer overwrite each other, nor does one that is late undo a logout.
 *
 * Those libraries hand back whole sessions. What a request had read is kept beside the object that they gave it, so `set` sends the
 * difference, and only to a session that is still there.
 */
import { type Callback, tell } from './callbacks.ts';
import { documentOf, type SessionDocument } from './document.ts';
import { sessionDocuments, type Snapshot } from './documents.ts';
import { fromStored, toStored } from './express-cookie.ts';
import { putSnapshotOn, snapshotOn } from './riding-snapshot.ts';
import { type DropInOptions, resolveDropInOptions } from './options.ts';

/** What both libraries ask of a store. Callbacks are called later, never within the call; failures are BalancerErrors. */
export interface DocumentStoreMethods {
  /** Hands over the session, or undefined. A callback may take it for whatever its library takes sessions for. */
  get(id: string, callback: (error: unknown, session?: never) => void): void;
  /**
   * Stores what the request has changed. A session that somebody has ended meanwhile stays ended, and that is no error. One that this
   * store did not hand out is stored as a whole.
   */
  set(id: string, session: object, callback?: Callback<void>): void;
  /** Moves the end of the session's time, if it was not moved lately: see `maxTouchIntervalMs`. */
  touch(id: string, session: object, callback?: Callback<void>): void;
  /** Ends the session for good. */
  destroy(id: string, callback?: Callback<void>): void;
}

/** What is used of the module `express-session`. */
export interface ExpressSessionLibrary<Base extends object> {
  readonly Store: abstract new () => Base;
}

/**
 * A store for express-session: `session({ store: expressSessionStore(session, { store: redisSessionStore(redis) }), ... })`.
 *
 * It has no `all`, `length` and `clear`, for the stores beneath hold no ids: `store.list(principal)` and `store.revoke(principal)` do
 * what those were for.
 * @param library what `express-session` exports, so that its own classes are used
 * @throws INVALID_OPTIONS
 */
export function expressSessionStore<Base extends object>(
  library: ExpressSessionLibrary<Base>,
  options: DropInOptions,
): Base & DocumentStoreMethods {
  const methods = documentMethods('expressSessionStore', options);
  const LibraryStore = library.Store as new () => Base & { createSession(request: object, document: object): object };
  const store = new LibraryStore();
  const createSession = store.createSession.bind(store);
  return Object.assign(store, methods.store, {
    createSession(request: object, document: object): object {
      const session = createSession(request, document);
      methods.inherit(document, session);
      return session;
    },
  });
}

/** A store for @fastify/session: `app.register(fastifySession, { store: fastifySessionStore({ store }), ... })`. @throws INVALID_OPTIONS */
export function fastifySessionStore(options: DropInOptions): DocumentStoreMethods {
  return documentMethods('fastifySessionStore', options).store;
}

interface DocumentMethods {
  readonly store: DocumentStoreMethods;
  /** `session` was made from `document`. */
  inherit(document: object, session: object): void;
}

function documentMethods(where: string, options: DropInOptions): DocumentMethods {
  const { store, principalOf, clock, ...times } = resolveDropInOptions(where, options);
  const documents = sessionDocuments(store, clock, principalOf);
  const snapshots = new WeakMap<object, Snapshot>();

  function readBy(session: object, id: string): Snapshot | undefined {
    const snapshot = snapshots.get(session) ?? snapshotOn(session);
    return snapshot?.id === id ? snapshot : undefined;
  }

  async function get(id: string): Promise<SessionDocument | undefined> {
    const snapshot = await documents.load(id);
    if (snapshot === undefined) return undefined;
    const document = fromStored(documentOf(snapshot.fields), snapshot.expiresAt, times);
    putSnapshotOn(document['cookie'], snapshot);
    snapshots.set(document, snapshot);
    return document;
  }

  async function set(id: string, session: object): Promise<void> {
    const snapshot = readBy(session, id);
    const now = documents.now();
    const stored = toStored(session, cookieIn(snapshot), now, times);
    if (stored.expiresAt <= now) return documents.destroy(id);
    const next = await documents.save({ id, snapshot, ...stored });
    if (next !== undefined) snapshots.set(session, next);
  }

  async function touch(id: string, session: object): Promise<void> {
    const snapshot = readBy(session, id) ?? (await documents.load(id));
    if (snapshot === undefined) return;
    const { cookie } = session as SessionDocument;
    const now = documents.now();
    const stored = toStored({ cookie }, cookieIn(snapshot), now, times);
    if (stored.expiresAt <= now) return documents.destroy(id);
    const next = await documents.saveSome({ id, snapshot, ...stored });
    if (next !== undefined) snapshots.set(session, next);
  }

  return {
    store: {
      get: (id, callback) => tell(get(id), callback as Callback<SessionDocument | undefined>),
      set: (id, session, callback) => tell(set(id, session), callback),
      touch: (id, session, callback) => tell(touch(id, session), callback),
      destroy: (id, callback) => tell(documents.destroy(id), callback),
    },
    inherit(document, session) {
      const snapshot = snapshots.get(document);
      if (snapshot !== undefined) snapshots.set(session, snapshot);
    },
  };
}

/** The stored cookie that a request has read. */
function cookieIn(snapshot: Snapshot | undefined): unknown {
  const text = snapshot?.fields.get('cookie');
  return text === undefined ? undefined : documentOf(new Map([['cookie', text]]))['cookie'];
}
