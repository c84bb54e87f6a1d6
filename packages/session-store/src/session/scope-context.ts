/** What all requests of one `session()` share: its options in the form that their scopes need. */
import { sessionCookies, type SessionCookies, type VerifiedCookie } from '../http/cookie.ts';
import type { Lifetime } from './lifetime.ts';
import type { ResolvedSessionOptions } from '../session-options.ts';
import type { SizeLimits } from '../fields/size-limits.ts';
import type { SessionRecord, SessionStore } from '../store.ts';

/** What all scopes of one `session()` share. */
export interface ScopeContext extends Lifetime, SizeLimits {
  readonly store: SessionStore;
  readonly cookies: SessionCookies;
  /** How long a retired session can be read. */
  readonly retireMs: number;
  /** Whether cookies are sent anew as the session is used. */
  readonly isRolling: boolean;
  /** Whole milliseconds since the epoch. */
  now(): number;
}

/** A session that was found, by the cookie that named it. */
export interface FoundSession {
  readonly cookie: VerifiedCookie;
  readonly record: SessionRecord;
}

export function scopeContext(options: ResolvedSessionOptions): ScopeContext {
  const { store, name, secrets, route, attributes, isRolling, clock } = options;
  const { idleMs, absoluteMs, retireMs, maxFieldBytes, maxSessionBytes } = options;
  return {
    store,
    cookies: sessionCookies({ name, secrets, route, attributes }),
    idleMs,
    absoluteMs,
    retireMs,
    maxFieldBytes,
    maxSessionBytes,
    isRolling,
    now: () => Math.floor(clock.now()),
  };
}
