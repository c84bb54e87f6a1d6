/** The options that all drop-in stores share, and how they are checked. */
import { durationMs, functionOf, resolveOptions, v } from '@evenkeel/core/options';
import type { SessionStore } from '../store.ts';
import type { WallClock } from '../session-options.ts';
import type { PrincipalOf } from './documents.ts';

/** Options of the drop-in stores. */
export interface DropInOptions {
  /** Where sessions live: `redisSessionStore()`, `sqliteSessionStore()`, `memorySessionStore()` or your own. */
  readonly store: SessionStore;
  /**
   * How long a session lives whose cookie ends with the browser, in ms, from 1 s. All others live as long as their cookie.
   * @default 86,400,000 (a day, as with connect-redis)
   */
  readonly ttlMs?: number;
  /**
   * A session that is only used is touched once per hundredth of its time, and at least once per so many ms, 0..3,600,000; it lives that
   * much longer than its cookie. With 0 every use is a call to the store, as with other stores.
   * @default 60,000
   */
  readonly maxTouchIntervalMs?: number;
  /**
   * Whose session it is, so that `store.list(principal)` and `store.revoke(principal)` know it: "log out everywhere". It is asked when
   * a session is stored for the first time, so a login has to `regenerate()`, as passport's does. @default nobody's
   */
  readonly principalOf?: PrincipalOf;
  /** @default `Date` */
  readonly clock?: WallClock;
}

/** Options of the store for koa-session, which has no touches. */
export type KoaDropInOptions = Omit<DropInOptions, 'maxTouchIntervalMs'>;

const MAX_TIME_MS = 10 * 365 * 86_400_000;

const OPTIONS = v.strictObject({
  store: v.custom<SessionStore>(isStore, 'a session store (an object with load(), commit(), touch(), destroy())'),
  ttlMs: v.optional(durationMs(1_000, MAX_TIME_MS), 86_400_000),
  maxTouchIntervalMs: v.optional(durationMs(0, 3_600_000), 60_000),
  principalOf: v.optional(functionOf<PrincipalOf>(), () => () => undefined),
  clock: v.optional(v.custom<WallClock>(isClock, 'a clock (an object with now())'), () => Date),
});

const KOA_OPTIONS = v.omit(OPTIONS, ['maxTouchIntervalMs']);

/** @throws INVALID_OPTIONS */
export function resolveKoaDropInOptions(where: string, options: KoaDropInOptions): Required<KoaDropInOptions> {
  return resolveOptions(where, KOA_OPTIONS, options);
}

/** @throws INVALID_OPTIONS */
export function resolveDropInOptions(where: string, options: DropInOptions): Required<DropInOptions> {
  return resolveOptions(where, OPTIONS, options);
}

function isStore(value: unknown): boolean {
  return ['load', 'commit', 'touch', 'destroy'].every((method) => has(value, method));
}

function isClock(value: unknown): boolean {
  return has(value, 'now');
}

function has(value: unknown, method: string): boolean {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return isObject && typeof Reflect.get(value, method) === 'function';
}
