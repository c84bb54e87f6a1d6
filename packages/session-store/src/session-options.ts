/** The options of `session()`: what they are, and how they are checked. */
import type { IncomingMessage } from 'node:http';
import { durationMs, functionOf, integerIn, objectWith, resolveOptions, v } from '@evenkeel/core/options';
import { SESSION_COOKIE } from '@evenkeel/core/session-cookie';
import type { Consistency, SessionStore } from './store.ts';

/** Attributes of the session cookie. */
export interface SessionCookieOptions {
  /**
   * The form of the value: `express-session` reads and issues the signed form of `connect.sid`, so that nobody is logged out by a move; set
   * `name` to that, too. @default 'evenkeel'
   */
  readonly format?: 'evenkeel' | 'express-session';
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
  /**
   * Lets a persistent cookie go some time after its last use instead: it lives for three times the idle timeout, and is sent anew once
   * in each third of that. @default false
   */
  readonly rolling?: boolean;
}

/** The wall clock that all instances share; `Date` is one. Their clocks should agree to within a second or so (NTP). */
export interface WallClock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

/** How a request wants its session: always the same, or as the request is. */
export type RequestConsistency = Consistency | ((request: IncomingMessage) => Consistency);

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
  /**
   * When a session gets a new id, requests under way with the old one can read for so long what it held before, in ms, 0..60,000. With
   * 0 they find no session. @default 10,000
   */
  readonly retireMs?: number;
  /**
   * Whether a copy of the session in this process will do (`bounded`), where the store keeps one, or the store is asked (`strong`); a
   * function decides for each request. A session that comes from another instance is always read from the store. @default 'bounded'
   */
  readonly consistency?: RequestConsistency;
  /** The largest encoded value of a field, in bytes of UTF-8, 64..1,048,576. @default 65,536 */
  readonly maxFieldBytes?: number;
  /** The largest sum of all field names and encoded values, in bytes of UTF-8, 64..16,777,216. @default 1,048,576 */
  readonly maxSessionBytes?: number;
  /** Attributes of the cookie. */
  readonly cookie?: SessionCookieOptions;
  /** @default `Date` */
  readonly clock?: WallClock;
}

/** The cookie's attributes with defaults filled in. */
export type CookieAttributes = Required<Omit<SessionCookieOptions, 'domain' | 'rolling'>> &
  Pick<SessionCookieOptions, 'domain'>;

/** `SessionOptions`, checked and with defaults filled in. */
export interface ResolvedSessionOptions {
  readonly store: SessionStore;
  /** Newest first; at least one. */
  readonly secrets: readonly string[];
  readonly name: string;
  readonly route: string | undefined;
  readonly idleMs: number;
  readonly absoluteMs: number;
  readonly retireMs: number;
  readonly consistency: RequestConsistency;
  readonly maxFieldBytes: number;
  readonly maxSessionBytes: number;
  readonly attributes: CookieAttributes;
  readonly isRolling: boolean;
  readonly clock: WallClock;
}

const PATH = /^\/[\x20-\x3a\x3c-\x7e]*$/;
const DOMAIN = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;

const COOKIE_OPTIONS = v.strictObject({
  format: v.optional(v.picklist(['evenkeel', 'express-session'], '"evenkeel" or "express-session"'), 'evenkeel'),
  path: v.optional(v.pipe(v.string('a path'), v.regex(PATH, 'a path that starts with / and has no semicolon')), '/'),
  domain: v.optional(v.pipe(v.string('a host name'), v.regex(DOMAIN, 'a host name'))),
  sameSite: v.optional(v.picklist(['strict', 'lax', 'none'], '"strict", "lax" or "none"'), 'lax'),
  secure: v.optional(v.union([v.boolean(), v.literal('auto')], 'true, false or "auto"'), 'auto'),
  httpOnly: v.optional(v.boolean('true or false'), true),
  partitioned: v.optional(v.boolean('true or false'), false),
  persistent: v.optional(v.boolean('true or false'), false),
  rolling: v.optional(v.boolean('true or false'), false),
});

const MAX_TIME_MS = 10 * 365 * 86_400_000;
const SECRET = v.pipe(v.string('a text'), v.minLength(16, 'at least 16 characters long'));
const OPTIONS = v.strictObject({
  store: objectWith<SessionStore>(
    'a session store',
    'load',
    'commit',
    'touch',
    'destroy',
    'retire',
    'list',
    'end',
    'revoke',
  ),
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
  retireMs: v.optional(durationMs(0, 60_000), 10_000),
  consistency: v.optional(
    v.union(
      [v.picklist(['bounded', 'strong']), functionOf<(request: IncomingMessage) => Consistency>()],
      '"bounded", "strong" or a function of the request',
    ),
    'bounded',
  ),
  maxFieldBytes: v.optional(integerIn(64, 1_048_576), 65_536),
  maxSessionBytes: v.optional(integerIn(64, 16_777_216), 1_048_576),
  cookie: v.optional(COOKIE_OPTIONS, {}),
  clock: v.optional(v.custom<WallClock>(isClock, 'a clock (an object with now())'), () => Date),
});

const PREFIX_RULE =
  'options whose cookie keeps the promise of its `__Host-` or `__Secure-` name: `secure: true`, and for `__Host-` no `domain` and `path: "/"`';
const SECURE_RULE =
  'options whose cookie is `secure` if it is `sameSite: "none"` or `partitioned`: browsers refuse it otherwise';

const ROLLING_RULE = 'options whose cookie is `persistent` if it is `rolling`: no other has a life to roll on';

const CHECKED = v.pipe(
  OPTIONS,
  v.check(isPrefixKept, PREFIX_RULE),
  v.check(isSecureKept, SECURE_RULE),
  v.check(({ cookie }) => cookie.persistent || !cookie.rolling, ROLLING_RULE),
);

/** @throws INVALID_OPTIONS */
export function resolveSessionOptions(where: string, options: unknown): ResolvedSessionOptions {
  const { secret, route, cookie, ...resolved } = resolveOptions(where, CHECKED, options);
  const { domain, rolling, ...attributes } = cookie;
  return {
    ...resolved,
    secrets: typeof secret === 'string' ? [secret] : secret,
    route,
    attributes: domain === undefined ? attributes : { ...attributes, domain },
    isRolling: rolling,
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
