/**
 * What `sticky` takes, mode by mode, with every default beside it.
 */
import { SESSION_COOKIE } from '@evenkeel/core/session-cookie';
import { durationMs, functionOf, integerIn, v } from '@evenkeel/core/options';
import type { RequestKey } from '../keys.ts';
import type { AffinityMode } from './affinity.ts';
import { autoAffinity } from './auto.ts';
import type { CookieLook } from './cookie-maker.ts';
import { hashAffinity, sessionKey } from './hash.ts';
import { insertAffinity } from './insert.ts';
import { sourceIpAffinity } from './source-ip.ts';

/** What all modes have in common. */
export interface StickyRuleOptions {
  /** True answers 503 for a session whose endpoint is gone, instead of moving it. @default false */
  readonly strict?: boolean;
  /**
   * How much more than its share of what is in flight an endpoint may have, 1.25..2, before single requests that stick to it go elsewhere;
   * their sessions stay. Up to 8 in flight are always well. Not together with `strict`. @default Infinity
   */
  readonly maxLoadRatio?: number;
}

/** Attributes of the cookies that the proxy makes itself. */
export interface StickyCookieOptions extends StickyRuleOptions {
  /** @default '/' */
  readonly path?: string;
  /** @default none: the host that the client asked */
  readonly domain?: string;
  /** @default 'lax' */
  readonly sameSite?: 'strict' | 'lax' | 'none';
  /** @default true */
  readonly httpOnly?: boolean;
  /** `auto`: where the client's side is TLS. @default 'auto' */
  readonly secure?: boolean | 'auto';
}

/** The session cookie tells where the session lives, whoever makes it: the endpoint, or the proxy if nobody does. */
export interface AutoStickyOptions extends StickyCookieOptions {
  /** @default 'auto' */
  readonly mode?: 'auto';
  /** The cookie's name. @default 'JSESSIONID' */
  readonly cookie?: string;
  /**
   * True also reads the session in the path, `/cart;jsessionid=<id>.<route>`, where no cookie tells. The parameter is called as the
   * cookie is, but `jsessionid` with `JSESSIONID`. @default false
   */
  readonly pathParameter?: boolean;
}

/** A second cookie tells, which endpoints never see. */
export interface InsertStickyOptions extends StickyCookieOptions {
  readonly mode: 'insert';
  /** The cookie's name. @default 'EVENKEEL_ROUTE' */
  readonly cookie?: string;
  /** The application's own cookie, by which all balancers find the same successor for a session. @default 'JSESSIONID' */
  readonly sessionCookie?: string;
}

/** No cookie: the key alone tells, the same on all balancers, whatever the cluster's strategy is. */
export interface HashStickyOptions extends StickyRuleOptions {
  readonly mode: 'hash';
  /** @default the session id in the cookie `JSESSIONID`, else `sourceIp()` */
  readonly key?: RequestKey;
}

/** No cookie: the proxy remembers where the strategy sent a client's address. */
export interface SourceIpStickyOptions extends StickyRuleOptions {
  readonly mode: 'sourceIp';
  /** ms without a request after which a client is forgotten, 60_000..3_600_000. @default 600_000 */
  readonly idleMs?: number;
  /** Clients to remember, 1..10_000_000; more make it forget the ones that were quiet for the longest time. @default 100_000 */
  readonly maxEntries?: number;
  /** Bits of an IPv4 address that count, 1..32. @default 32 */
  readonly ipv4Prefix?: number;
  /** Bits of an IPv6 address that count, 1..128. @default 64 */
  readonly ipv6Prefix?: number;
}

/** How requests stick to endpoints. */
export type StickyOptions = AutoStickyOptions | InsertStickyOptions | HashStickyOptions | SourceIpStickyOptions;

const TOKEN = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/;
const COOKIE_PATH = /^\/[\x20-\x3a\x3c-\x7e]*$/;
const COOKIE_DOMAIN = /^\.?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$/;

const bool = (preset: boolean) => v.optional(v.boolean('true or false'), preset);
const cookieName = (preset: string) =>
  v.optional(v.pipe(v.string('a cookie name'), v.regex(TOKEN, 'a cookie name')), preset);

const RATIO = 'a number from 1.25 to 2, or Infinity';

const ruleEntries = {
  strict: bool(false),
  maxLoadRatio: v.optional(
    v.pipe(
      v.number(RATIO),
      v.check((ratio) => ratio === Infinity || (ratio >= 1.25 && ratio <= 2), RATIO),
    ),
    Infinity,
  ),
};

const cookieEntries = {
  ...ruleEntries,
  path: v.optional(v.pipe(v.string('a path'), v.regex(COOKIE_PATH, 'a path that starts with "/"')), '/'),
  domain: v.optional(v.pipe(v.string('a domain name'), v.regex(COOKIE_DOMAIN, 'a domain name'))),
  sameSite: v.optional(v.picklist(['strict', 'lax', 'none'], '"strict", "lax" or "none"'), 'lax'),
  httpOnly: bool(true),
  secure: v.optional(v.union([v.boolean(), v.literal('auto')], 'true, false or "auto"'), 'auto'),
};

function lookOf({
  cookie,
  domain,
  ...look
}: { cookie: string; domain?: string | undefined } & Omit<CookieLook, 'name' | 'domain'>): CookieLook {
  return { ...look, name: cookie, domain };
}

type Given = Record<string, unknown>;
type ModeSchema = v.GenericSchema<Given, AffinityMode>;

const autoSchema: ModeSchema = v.pipe(
  v.strictObject({
    ...cookieEntries,
    mode: v.optional(v.literal('auto'), 'auto'),
    cookie: cookieName(SESSION_COOKIE),
    pathParameter: bool(false),
  }),
  v.transform(({ strict, maxLoadRatio, pathParameter, ...cookie }): AffinityMode => {
    const rules = { ...lookOf(cookie), isStrict: strict, maxLoadRatio, hasPathParameter: pathParameter };
    return (cluster) => autoAffinity(cluster, rules);
  }),
);

const insertSchema: ModeSchema = v.pipe(
  v.strictObject({
    ...cookieEntries,
    mode: v.literal('insert'),
    cookie: cookieName('EVENKEEL_ROUTE'),
    sessionCookie: cookieName(SESSION_COOKIE),
  }),
  v.transform(({ strict, maxLoadRatio, sessionCookie, ...cookie }): AffinityMode => {
    const rules = { ...lookOf(cookie), isStrict: strict, maxLoadRatio, sessionCookie };
    return (cluster) => insertAffinity(cluster, rules);
  }),
);

const hashSchema: ModeSchema = v.pipe(
  v.strictObject({ ...ruleEntries, mode: v.literal('hash'), key: v.optional(functionOf<RequestKey>(), sessionKey) }),
  v.transform(({ strict, maxLoadRatio, key }): AffinityMode => {
    return () => hashAffinity({ key, isStrict: strict, maxLoadRatio });
  }),
);

const sourceIpSchema: ModeSchema = v.pipe(
  v.strictObject({
    ...ruleEntries,
    mode: v.literal('sourceIp'),
    idleMs: v.optional(durationMs(60_000, 3_600_000), 600_000),
    maxEntries: v.optional(integerIn(1, 10_000_000), 100_000),
    ipv4Prefix: v.optional(integerIn(1, 32), 32),
    ipv6Prefix: v.optional(integerIn(1, 128), 64),
  }),
  v.transform(({ strict, maxLoadRatio, idleMs, maxEntries, ipv4Prefix, ipv6Prefix }): AffinityMode => {
    const prefixes = { ipv4: ipv4Prefix, ipv6: ipv6Prefix };
    return () => sourceIpAffinity({ isStrict: strict, maxLoadRatio, idleMs, maxEntries, prefixes });
  }),
);

const MODES: ReadonlyMap<unknown, ModeSchema> = new Map([
  [undefined, autoSchema],
  ['auto', autoSchema],
  ['insert', insertSchema],
  ['hash', hashSchema],
  ['sourceIp', sourceIpSchema],
]);

const anyMode: ModeSchema = v.pipe(
  v.looseObject({ mode: v.picklist(['auto', 'insert', 'hash', 'sourceIp'], '"auto", "insert", "hash" or "sourceIp"') }),
  v.never(),
);

/** A request cannot both go nowhere else and go elsewhere. */
const compatible: v.GenericSchema<Given, Given> = v.pipe(
  v.looseObject({}),
  v.check(
    ({ strict, maxLoadRatio }) => strict !== true || maxLoadRatio === undefined || maxLoadRatio === Infinity,
    'either `strict` or with a `maxLoadRatio`',
  ),
);

export const stickySchema: ModeSchema = v.pipe(
  compatible,
  v.lazy((given) => MODES.get((given as Given)['mode']) ?? anyMode),
);
