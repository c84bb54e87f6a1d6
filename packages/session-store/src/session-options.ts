/** The options of `session()`: what they are, and how they are checked. */
import { durationMs, objectWith, resolveOptions, v } from '@evenkeel/core/options';
import { SESSION_COOKIE } from '@evenkeel/core/session-cookie';
import type { SessionStore } from './store.ts';

/** Attributes of the session cookie. */
export interface SessionCookieOptions {
  /** @default '/' */
  readonly path?: string;
  /** Unset, which is the narrowest: only the host that made it. */
  readonly domain?: string;
  /** `none` needs `secure`. @default 'lax' */
  readonly sameSite?: 'strict' | 'lax' | 'none';
  /** `auto`: as the request came, which behind a proxy needs Express' or Koa's trust in it. @default 'auto' */
  readonly secure?: boolean | 'auto';
  /** @default true */
  readonly httpOnly?: boolean;
  /** One cookie jar per top-level site (CHIPS). Needs `secure`. @default false */
  readonly partitioned?: boolean;
  /** Keeps the cookie when the browser closes, until the absolute timeout. @default false */
  readonly persistent?: boolean;
}

/** The wall clock that all instances share; `Date` is one. Their clocks should agree to within a second or so (NTP). */
export interface WallClock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

/** Options of `session()`. */
export interface SessionOptions {
  /** Where sessions live: `memorySessionStore()`, `sqliteSessionStore()`, `redisSessionStore()` or your own. */
  readonly store: SessionStore;
  /**
   * What cookies are signed with, 16 characters or more each. To change it, put the new one first and drop the old one when the
   * absolute timeout has passed: cookies of an older one stay valid and are re-issued with the newest.
   */
  readonly secret: string | readonly string[];
  /** The name of the cookie. A `__Host-` name needs `cookie.secure: true`. @default 'JSESSIONID' */
  readonly name?: string;
  /**
   * This instance's tag for balancers that read it from the cookie (Apache `route`, Tomcat `jvmRoute`): 1..64 of `A-Za-z0-9_-`.
   * Leave it out behind `balance()`, which adds its own.
   */
  readonly route?: string;
  /** A session not used for this long ends, in ms, from 1 s; late by at most the touch interval. @default 1,800,000 (30 min) */
  readonly idleMs?: number;
  /** A session ends this long after it began, used or not, in ms, from 1 s. @default 43,200,000 (12 h) */
  readonly absoluteMs?: number;
  /** Attributes of the cookie. */
  readonly cookie?: SessionCookieOptions;
  /** @default `Date` */
  readonly clock?: WallClock;
}

/** The cookie's attributes with defaults filled in. */
export type CookieAttributes = Required<Omit<SessionCookieOptions, 'domain'>> & Pick<SessionCookieOptions, 'domain'>;

/** `SessionOptions`, checked and with defaults filled in. */
export interface ResolvedSessionOptions {
  readonly store: SessionStore;
  /** Newest first; at least one. */
  readonly secrets: readonly string[];
  readonly name: string;
  readonly route: string | undefined;
  readonly idleMs: number;
  readonly absoluteMs: number;
  readonly attributes: CookieAttributes;
  readonly clock: WallClock;
}

const PATH = /^\/[\x20-\x3a\x3c-\x7e]*$/;
const DOMAIN = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;

const COOKIE_OPTIONS = v.strictObject({
  path: v.optional(v.pipe(v.string('a path'), v.regex(PATH, 'a path that starts with / and has no semicolon')), '/'),
  domain: v.optional(v.pipe(v.string('a host name'), v.regex(DOMAIN, 'a host name'))),
  sameSite: v.optional(v.picklist(['strict', 'lax', 'none'], '"strict", "lax" or "none"'), 'lax'),
  secure: v.optional(v.union([v.boolean(), v.literal('auto')], 'true, false or "auto"'), 'auto'),
  httpOnly: v.optional(v.boolean('true or false'), true),
  partitioned: v.optional(v.boolean('true or false'), false),
  persistent: v.optional(v.boolean('true or false'), false),
});

const MAX_TIME_MS = 10 * 365 * 86_400_000;
const SECRET = v.pipe(v.string('a text'), v.minLength(16, 'at least 16 characters long'));
const OPTIONS = v.strictObject({
  store: objectWith<SessionStore>('a session store', 'load', 'commit', 'touch', 'destroy'),
  secret: v.union(
    [SECRET, v.pipe(v.array(SECRET), v.minLength(1))],
    'a text of at least 16 characters, or several, newest first',
  ),
  name: v.optional(
    v.pipe(v.string('a cookie name'), v.regex(/^[!#$%&'*+.^`|~\w-]{1,64}$/, 'a cookie name')),
    SESSION_COOKIE,
  ),
  route: v.optional(v.pipe(v.string('a route'), v.regex(/^[A-Za-z0-9_-]{1,64}$/, '1 to 64 characters of A-Za-z0-9_-'))),
  idleMs: v.optional(durationMs(1_000, MAX_TIME_MS), 30 * 60_000),
  absoluteMs: v.optional(durationMs(1_000, MAX_TIME_MS), 12 * 3_600_000),
  cookie: v.optional(COOKIE_OPTIONS, {}),
  clock: v.optional(v.custom<WallClock>(isClock, 'a clock (an object with now())'), () => Date),
});

const PREFIX_RULE =
  'options whose cookie keeps the promise of its `__Host-` or `__Secure-` name: `secure: true`, and for `__Host-` no `domain` and `path: "/"`';
const SECURE_RULE =
  'options whose cookie is `secure` if it is `sameSite: "none"` or `partitioned`: browsers refuse it otherwise';

const CHECKED = v.pipe(OPTIONS, v.check(isPrefixKept, PREFIX_RULE), v.check(isSecureKept, SECURE_RULE));

/** @throws INVALID_OPTIONS */
export function resolveSessionOptions(where: string, options: unknown): ResolvedSessionOptions {
  const { secret, route, cookie, ...resolved } = resolveOptions(where, CHECKED, options);
  const { domain, ...attributes } = cookie;
  return {
    ...resolved,
    secrets: typeof secret === 'string' ? [secret] : secret,
    route,
    attributes: domain === undefined ? attributes : { ...attributes, domain },
  };
}

type Resolved = v.InferOutput<typeof OPTIONS>;

function isPrefixKept({ name, cookie }: Resolved): boolean {
  if (!name.startsWith('__Host-') && !name.startsWith('__Secure-')) return true;
  const isHostOnly = cookie.domain === undefined && cookie.path === '/';
  return cookie.secure === true && (isHostOnly || name.startsWith('__Secure-'));
}

function isSecureKept({ cookie }: Resolved): boolean {
  return cookie.secure !== false || (cookie.sameSite !== 'none' && !cookie.partitioned);
}

function isClock(value: unknown): boolean {
  return (
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    typeof Reflect.get(value, 'now') === 'function'
  );
}
