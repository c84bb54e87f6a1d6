/**
 * A store for applications that stay with koa-session: not a line of them changes, and concurrent requests no longer overwrite each
 * other, nor does one that is late undo a logout.
 *
 * koa-session tells its store which request it works for, so what a request has read is kept by its context.
 */
import { documentOf, type SessionDocument } from './document.ts';
import { sessionDocuments, type Snapshot } from './documents.ts';
import { type KoaDropInOptions, resolveKoaDropInOptions } from './options.ts';

/** What koa-session says besides: the request's context. */
export interface KoaRequest {
  readonly ctx?: object;
}

/** What koa-session asks of an external store. */
export interface KoaSessionStore {
  /** The session, or undefined. @throws SESSION_STORE, SESSION_CORRUPT */
  get(key: string, maxAge?: number | 'session', request?: KoaRequest): Promise<SessionDocument | undefined>;
  /**
   * Stores what the request has changed. A session that somebody has ended meanwhile stays ended, and that is no error.
   * @param maxAge in ms; for `session`, `ttlMs` counts
   * @throws SESSION_FIELD for what cannot be stored
   * @throws SESSION_STORE, SESSION_CORRUPT
   */
  set(key: string, session: object, maxAge?: number | 'session', request?: KoaRequest): Promise<void>;
  /** Ends the session for good. @throws SESSION_STORE, SESSION_CORRUPT */
  destroy(key: string, request?: KoaRequest): Promise<void>;
}

/** `app.use(session({ store: koaSessionStore({ store: redisSessionStore(redis) }), ... }, app))`. @throws INVALID_OPTIONS */
export function koaSessionStore(options: KoaDropInOptions): KoaSessionStore {
  const { store, ttlMs, principalOf, clock } = resolveKoaDropInOptions('koaSessionStore', options);
  const documents = sessionDocuments(store, clock, principalOf);
  const snapshots = new WeakMap<object, Snapshot>();

  function keep(ctx: object | undefined, snapshot: Snapshot | undefined): void {
    if (ctx !== undefined && snapshot !== undefined) snapshots.set(ctx, snapshot);
  }

  return {
    async get(key, _maxAge, { ctx } = {}) {
      const snapshot = await documents.load(key);
      keep(ctx, snapshot);
      return snapshot && documentOf(snapshot.fields);
    },
    async set(key, session, maxAge, { ctx } = {}) {
      const expiresAt = documents.now() + (typeof maxAge === 'number' ? Math.floor(maxAge) : ttlMs);
      const snapshot = ctx && snapshots.get(ctx);
      keep(ctx, await documents.save({ id: key, document: session, snapshot, expiresAt, touchIntervalMs: 0 }));
    },
    async destroy(key) {
      await documents.destroy(key);
    },
  };
}
