/**
 * When a session ends and how often its use is noted. Pure arithmetic over milliseconds since the epoch.
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html#session-expiration
 */

/** The time limits of one `session()`. */
export interface Lifetime {
  readonly idleMs: number;
  readonly absoluteMs: number;
}

const MIN_TOUCH_INTERVAL_MS = 1_000;
const MAX_TOUCH_INTERVAL_MS = 60_000;

/** How often a session that is only read is touched: a twentieth of its idle time, 1 s to 60 s. */
export function touchIntervalMs({ idleMs }: Lifetime): number {
  return Math.min(Math.max(idleMs / 20, MIN_TOUCH_INTERVAL_MS), MAX_TOUCH_INTERVAL_MS);
}

/** True if a session last touched at `touchedAt` should be touched at `now`. */
export function isTouchDue(lifetime: Lifetime, touchedAt: number, now: number): boolean {
  return now - touchedAt >= touchIntervalMs(lifetime);
}

/** The end of a session used at `now`. A touch may be late by its interval, so the session lives that much longer: it never ends early. */
export function expiryOf(lifetime: Lifetime, createdAt: number, now: number): number {
  const { idleMs, absoluteMs } = lifetime;
  return Math.floor(Math.min(now + idleMs + touchIntervalMs(lifetime), createdAt + absoluteMs));
}

/** How long a rolling cookie lives: three times as long as its session does unused. */
export function cookieLifeMs(lifetime: Lifetime): number {
  return 3 * (lifetime.idleMs + touchIntervalMs(lifetime));
}

/**
 * True if a rolling cookie should be sent anew by a request that is noted at `now`, where the last one was noted at `touchedAt`. Time is
 * cut into thirds of the cookie's life, and the first request that is noted in each of them sends it: nobody has to store when it was
 * sent last. A cookie outlives its session so, even if one of these responses is lost.
 */
export function isCookieDue(lifetime: Lifetime, createdAt: number, touchedAt: number, now: number): boolean {
  const third = cookieLifeMs(lifetime) / 3;
  return Math.floor((now - createdAt) / third) > Math.floor((touchedAt - createdAt) / third);
}
