/**
 * What `createProxy` and the `balance` middleware take, with every default beside it.
 */
import { durationMs, functionOf, integerIn, v } from '@evenkeel/core/options';
import type { AffinityMode } from './affinity/affinity.ts';
import { stickySchema } from './affinity/sticky-options.ts';
import type { StickyOptions } from './affinity/sticky-options.ts';
import type { ErrorRenderer } from './error-answer.ts';
import { hookEntries } from './hooks/hook-options.ts';
import type { HookOptions, ResolvedHookOptions } from './hooks/hook-options.ts';
import type { RequestKey } from './keys.ts';
import { trustedSchema } from './peer.ts';
import type { ProxyProtocolVersion } from './proxy-protocol/format.ts';

/** How the proxy treats what passes through it. Time-outs towards endpoints, retries and limits per endpoint are the cluster's. */
export interface ProxyOptions extends HookOptions {
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
  /**
   * The version of the PROXY protocol that connections to endpoints begin with, telling the client's connection. Each of them then carries
   * the requests of one client connection only. @default none
   */
  readonly sendProxyProtocol?: 1 | 2;
  /** ms that the two sides of an upgraded connection have to end it once it is cut, 0..2^31-1. @default 1_000 */
  readonly upgradeGraceMs?: number;
  /** Puts an answer of your own in place of the small one that an error becomes. @default none */
  readonly onError?: ErrorRenderer;
}

/** The options with all defaults filled in. */
export interface ResolvedProxyOptions extends ResolvedHookOptions {
  readonly sticky: AffinityMode | undefined;
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
  readonly sendProxyProtocol?: ProxyProtocolVersion | undefined;
  readonly upgradeGraceMs: number;
  readonly onError?: ErrorRenderer | undefined;
}

const bool = (preset: boolean) => v.optional(v.boolean('true or false'), preset);

export const proxySchema: v.GenericSchema<unknown, ResolvedProxyOptions> = v.pipe(
  v.strictObject({
    ...hookEntries,
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
    sendProxyProtocol: v.optional(v.picklist([1, 2], '1 or 2')),
    upgradeGraceMs: v.optional(durationMs(0), 1_000),
    onError: v.optional(functionOf<ErrorRenderer>()),
  }),
  v.check(
    ({ interceptResponse, selfHandle }) => interceptResponse === undefined || selfHandle === undefined,
    'without `interceptResponse` where it has `selfHandle`',
  ),
);
