/**
 * The session layer without a framework: options in, and for each request a scope that holds its session. Glue for a framework needs
 * this and `holdResponse`, and nothing else.
 */
import { sessionCookies } from './cookie.ts';
import { type FoundSession, type ScopeContext, sessionScope, type SessionScope } from './scope.ts';
import { resolveSessionOptions, type SessionOptions } from './session-options.ts';
import type { SessionStore } from './store.ts';
import { storeError } from './store-error.ts';

/** What of a request decides its session. */
export interface SessionRequest {
  /** The `Cookie` field. */
  readonly cookieHeader: string | undefined;
  /** True if the client's connection is TLS, as far as the framework trusts its proxy. */
  readonly isSecure: boolean;
}

/** Opens sessions. */
export interface Sessions {
  /**
   * The session of a request, or a new one that is not stored yet. Reads the store only for a cookie with a right mac.
   * @throws SESSION_STORE, SESSION_CORRUPT from the store
   */
  open(request: SessionRequest): Promise<SessionScope>;
}

/**
 * Checks options and makes the session layer.
 * @param where the public function whose options these are, for messages. @default 'createSessions'
 * @throws INVALID_OPTIONS
 */
export function createSessions(options: SessionOptions, where: string = 'createSessions'): Sessions {
  const { store, secrets, name, route, idleMs, absoluteMs, attributes, clock } = resolveSessionOptions(where, options);
  const cookies = sessionCookies({ name, secrets, route, attributes });
  const context: ScopeContext = { store, cookies, idleMs, absoluteMs, now: () => Math.floor(clock.now()) };
  return {
    async open({ cookieHeader, isSecure }) {
      return sessionScope(context, isSecure, await find(context, cookieHeader));
    },
  };
}

/** Tries every cookie with a right mac until one names a session: a stale one must not hide it (Tomcat's rule). */
async function find(
  { cookies, store, now, absoluteMs }: ScopeContext,
  header: string | undefined,
): Promise<FoundSession | undefined> {
  const at = now();
  for (const cookie of cookies.verified(header)) {
    const record = await loaded(store, cookie.id, at);
    // The store's own end of time is that of the instance that wrote last; this instance may be stricter.
    if (record !== undefined && record.createdAt + absoluteMs > at) return { cookie, record };
  }
  return undefined;
}

async function loaded(store: SessionStore, id: string, at: number): ReturnType<SessionStore['load']> {
  try {
    return await store.load(id, at);
  } catch (cause) {
    throw storeError('The session store failed', cause);
  }
}
