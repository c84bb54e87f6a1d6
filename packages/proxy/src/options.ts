/**
 * What `createProxy` and the `balance` middleware take, with every default beside it.
 */
import { SESSION_COOKIE } from '@evenkeel/core/session-cookie';
import { durationMs, functionOf, integerIn, v } from '@evenkeel/core/options';
import type { AffinityCookie } from './affinity.ts';
import type { ErrorRenderer } from './error-answer.ts';
import type { RequestKey } from './keys.ts';
import { trustedSchema } from './peer.ts';

/** How requests stick to endpoints. */
export interface StickyOptions {
  /** Whose cookie tells where a session lives; `auto`: whoever makes it, and the proxy if nobody does. @default 'auto' */
  readonly mode?: 'auto';
  /** The cookie's name. @default 'JSESSIONID' */
  readonly cookie?: string;
  /** Attributes of the cookies that the proxy makes itself; an endpoint's own keep theirs. @default '/' */
  readonly path?: string;
  /** @default none: the host that the client asked */
  readonly domain?: string;
  /** @default 'lax' */
  readonly sameSite?: 'strict' | 'lax' | 'none';
  /** @default true */
  readonly httpOnly?: boolean;
  /** `auto`: where the client's side is TLS. @default 'auto' */
  readonly secure?: boolean | 'auto';
  /** True answers 503 for a session whose endpoint is gone, instead of moving it. @default false */
  readonly strict?: boolean;
}

/** How the proxy treats what passes through it. Time-outs towards endpoints, retries and limits per endpoint are the cluster's. */
export interface ProxyOptions {
  /** True is short for `{}`. @default false */
  readonly sticky?: boolean | StickyOptions;
  /**
   * What a request hangs on, for a cluster with a hashing strategy: `sourceIp()`, `headerKey(name)`, `cookieKey(name)`,
   * `queryKey(name)`, the `firstKey(...)` of several that is there, or a function of your own. A sticky cookie comes first.
   * @default none
   */
  readonly key?: RequestKey;
  /** Addresses and networks (`10.0.0.0/8`, `::1`) whose `X-Forwarded-*` and `Forwarded` are believed and continued. @default none */
  readonly trustedProxies?: readonly string[];
  /** True sends each endpoint its own origin as `Host`; false the client's. @default false */
  readonly changeOrigin?: boolean;
  /** Adds `Via`, which is how a loop is noticed. Some servers do not compress for requests that carry it. @default true */
  readonly via?: boolean;
  /** True forwards the path as the framework left it below a mount point, false as the client sent it. @default false */
  readonly stripMountPath?: boolean;
  /** Bytes of a request body; a longer one is answered with 413. 1..2^53-1. @default none */
  readonly maxBodyBytes?: number;
  /** Bodies up to this many bytes are read whole first, so that they can be sent again. 0..1_048_576. @default 65_536 */
  readonly maxHeldBytes?: number;
  /** Bytes of a request's header fields, 1_024..1_048_576. Node's own limit (`maxHeaderSize`) comes first. @default 16_384 */
  readonly maxHeadBytes?: number;
  /** Header fields of a request, 10..2_000. @default 100 */
  readonly maxHeaderCount?: number;
  /** ms from the request to the response head, 1..2^31-1. @default the cluster's */
  readonly headTimeoutMs?: number;
  /** ms between two pieces of a response body, 1..2^31-1. @default the cluster's */
  readonly bodyTimeoutMs?: number;
  /** Puts an answer of your own in place of the small one that an error becomes. @default none */
  readonly onError?: ErrorRenderer;
}

/** The options with all defaults filled in. */
export interface ResolvedProxyOptions {
  readonly sticky: AffinityCookie | undefined;
  readonly key?: RequestKey | undefined;
  readonly trustedProxies: readonly string[];
  readonly changeOrigin: boolean;
  readonly via: boolean;
  readonly stripMountPath: boolean;
  readonly maxBodyBytes: number;
  readonly maxHeldBytes: number;
  readonly maxHeadBytes: number;
  readonly maxHeaderCount: number;
  readonly headTimeoutMs?: number | undefined;
  readonly bodyTimeoutMs?: number | undefined;
  readonly onError?: ErrorRenderer | undefined;
}

const TOKEN = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/;
const COOKIE_PATH = /^\/[\x20-\x3a\x3c-\x7e]*$/;
const COOKIE_DOMAIN = /^\.?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$/;

const bool = (preset: boolean) => v.optional(v.boolean('true or false'), preset);

const stickySchema = v.pipe(
  v.strictObject({
    mode: v.optional(v.literal('auto', '"auto"'), 'auto'),
    cookie: v.optional(v.pipe(v.string('a cookie name'), v.regex(TOKEN, 'a cookie name')), SESSION_COOKIE),
    path: v.optional(v.pipe(v.string('a path'), v.regex(COOKIE_PATH, 'a path that starts with "/"')), '/'),
    domain: v.optional(v.pipe(v.string('a domain name'), v.regex(COOKIE_DOMAIN, 'a domain name'))),
    sameSite: v.optional(v.picklist(['strict', 'lax', 'none'], '"strict", "lax" or "none"'), 'lax'),
    httpOnly: bool(true),
    secure: v.optional(v.union([v.boolean(), v.literal('auto')], 'true, false or "auto"'), 'auto'),
    strict: bool(false),
  }),
  v.transform(({ cookie, path, domain, sameSite, httpOnly, secure, strict }): AffinityCookie => {
    return { name: cookie, path, domain, sameSite, httpOnly, secure, isStrict: strict };
  }),
);

export const proxySchema: v.GenericSchema<unknown, ResolvedProxyOptions> = v.strictObject({
  sticky: v.pipe(
    v.optional(v.union([v.boolean(), v.looseObject({})], 'true, false or an object of options'), false),
    v.transform((sticky) => (sticky === true ? {} : sticky === false ? undefined : sticky)),
    v.optional(stickySchema),
  ),
  trustedProxies: v.optional(trustedSchema, []),
  key: v.optional(functionOf<RequestKey>()),
  changeOrigin: bool(false),
  via: bool(true),
  stripMountPath: bool(false),
  maxBodyBytes: v.optional(integerIn(1, Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER),
  maxHeldBytes: v.optional(integerIn(0, 1_048_576), 65_536),
  maxHeadBytes: v.optional(integerIn(1_024, 1_048_576), 16_384),
  maxHeaderCount: v.optional(integerIn(10, 2_000), 100),
  headTimeoutMs: v.optional(durationMs(1)),
  bodyTimeoutMs: v.optional(durationMs(1)),
  onError: v.optional(functionOf<ErrorRenderer>()),
});
