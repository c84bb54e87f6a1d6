/**
 * What `createCluster` takes, with every default beside it.
 */
import type { Resolver } from '../discovery/resolver.ts';
import type { SubsetOptions } from '../discovery/subset.ts';
import type { EndpointOptions, ResolvedEndpoint } from '../endpoint.ts';
import { endpointsSchema } from '../endpoint.ts';
import type { Quorum } from '../cluster/snapshot.ts';
import type { Locality } from '../cluster/tiers.ts';
import type { ConcurrencyLimit } from '../concurrency/concurrency-limit.ts';
import type { EjectionPolicy } from '../health/ejection.ts';
import { consecutiveFailures } from '../health/consecutive-failures.ts';
import type { Probe } from '../health/probe.ts';
import { probesSchema } from '../health/probe-schema.ts';
import { systemClock } from '../lib/clock.ts';
import type { Clock } from '../lib/clock.ts';
import { systemRandom } from '../lib/random.ts';
import type { Random } from '../lib/random.ts';
import { durationMs, integerIn, numberIn, objectWith, v } from '../options.ts';
import { retryBudget } from '../retry/retry-budget.ts';
import type { RetryBudget } from '../retry/retry-budget.ts';
import { retryPolicy } from '../retry/retry-policy.ts';
import type { RetryPolicy } from '../retry/retry-policy.ts';
import { peakEwma } from '../strategies/peak-ewma.ts';
import type { Strategy } from '../strategies/strategy.ts';
import { localitySchema, quorumSchema } from './membership-options.ts';
import type { LocalityOptions, QuorumOptions } from './membership-options.ts';
import type { TlsOptions } from '../transport/tls.ts';
import { requestPolicyEntries } from './request-options.ts';
import type { OptionalPolicy, RequestPolicyOptions, ResolvedRequestPolicies } from './request-options.ts';

/** How a cluster behaves. Only `endpoints` is required. */
export interface ClusterOptions extends RequestPolicyOptions {
  /** Appears in errors and on the diagnostics channels. @default 'cluster' */
  readonly name?: string;
  /**
   * At least one, no id and no route twice; or a resolver that finds such a set and keeps it up to date, as `dnsResolver()` does. Until
   * its first set is there, requests wait for up to `queueTimeoutMs`.
   */
  readonly endpoints: readonly (string | EndpointOptions)[] | Resolver;
  /** Uses a few of many endpoints. @default all of them */
  readonly subset?: SubsetOptions;
  /** How load is spread. @default peakEwma() */
  readonly strategy?: Strategy;
  /** When an endpoint is ejected for how its attempts ended. @default consecutiveFailures() */
  readonly ejection?: EjectionPolicy;
  /** Asks the endpoints whether they are well. @default none: only real requests tell */
  readonly probe?: Probe | readonly Probe[];
  /** Which failed attempts are tried again. @default retryPolicy() */
  readonly retry?: RetryPolicy;
  /** How many retries there may be as a share of the requests. @default retryBudget() */
  readonly budget?: RetryBudget;
  /**
   * Who speaks HTTP to the endpoints: `h1` is this library's own client for HTTP/1.1, `undici` is undici's, which cannot send trailers, a
   * PROXY protocol header or `Expect`. `auto` is `h1`, and the only one that takes `http2`. @default 'auto'
   */
  readonly transport?: 'auto' | 'h1' | 'undici';
  /**
   * Speaks HTTP/2: to `https:` endpoints that choose it when a connection is made (ALPN), to `http:` endpoints always, which then have
   * to speak it from the first byte (h2c with prior knowledge, as gRPC servers do). @default false
   */
  readonly http2?: boolean;
  /** ms until a connection has to be there, 1..2^31-1. @default 1_000 */
  readonly connectTimeoutMs?: number;
  /** ms from the request to the response head, 1..2^31-1. @default 30_000 */
  readonly headTimeoutMs?: number;
  /** ms between two pieces of a response body, 1..2^31-1. @default 60_000 */
  readonly bodyTimeoutMs?: number;
  /** ms that an idle connection is kept if the endpoint gives no `Keep-Alive: timeout`, 1..600_000. @default 4_000 */
  readonly keepAliveMs?: number;
  /** Bytes of a response head, 1_024..1_048_576. @default 16_384 */
  readonly maxHeadBytes?: number;
  /** Attempts in flight per endpoint, 1..1_000_000. @default 1_024 */
  readonly maxInflight?: number;
  /** Finds each endpoint's own limit, up to `maxInflight`. @default none: the limit is `maxInflight` */
  readonly concurrencyLimit?: ConcurrencyLimit;
  /** Requests that may wait while all endpoints are at `maxInflight`, 0..1_000_000. @default 1_024 */
  readonly maxQueued?: number;
  /** ms that a request may wait there, 1..2^31-1. @default 1_000 */
  readonly queueTimeoutMs?: number;
  /**
   * Share of the endpoints that may be ejected at a time, 0..100; rounded down, but one may always be if there are two, and the
   * last one that is well never is. @default 50
   */
  readonly maxEjectedPercent?: number;
  /** Below this share of well endpoints health is ignored, 0..100; 0 never ignores it. @default 50 */
  readonly panicPercent?: number;
  /**
   * ms in which the weight of an endpoint that joins or comes back grows from a tenth to the whole, 0..86_400_000; 0 for at once. Not for
   * the endpoints that are there when the cluster is made: then all are new, and none is cold. @default 10_000
   */
  readonly slowStartMs?: number;
  /** Where this process runs: it prefers endpoints of its own zone as far as they can take it. @default zones do not matter */
  readonly locality?: LocalityOptions;
  /** How much has to be well for the cluster to count as up. @default any endpoint will do */
  readonly quorum?: QuorumOptions;
  /** ms in which an old latency peak decays to 37 %, 1..2^31-1. @default 10_000 */
  readonly latencyWindowMs?: number;
  /** TLS towards `https:` endpoints; certificates are verified by default. */
  readonly tls?: TlsOptions;
  /** Where time comes from. @default the machine's monotonic clock */
  readonly clock?: Clock;
  /** Where chance comes from. @default seeded by the process */
  readonly random?: Random;
}

const TLS_KEYS = [
  'ca',
  'cert',
  'key',
  'passphrase',
  'pfx',
  'servername',
  'rejectUnauthorized',
  'minVersion',
  'ciphers',
];

const tlsSchema = v.custom<TlsOptions>(
  (value) => typeof value === 'object' && value !== null && Object.keys(value).every((key) => TLS_KEYS.includes(key)),
  `an object with some of ${TLS_KEYS.join(', ')}`,
);

const resolverSchema = objectWith<Resolver>('an array of endpoints, or a resolver such as dnsResolver()', 'resolve');

/** Options that may stay undefined. */
type WithoutDefault = OptionalPolicy | 'subset' | 'probe' | 'tls' | 'locality' | 'quorum' | 'concurrencyLimit';

/** The options with all defaults filled in. */
export interface ResolvedClusterOptions
  extends Required<Omit<ClusterOptions, 'endpoints' | WithoutDefault>>, Pick<ResolvedRequestPolicies, OptionalPolicy> {
  readonly endpoints: ResolvedEndpoint[] | Resolver;
  readonly subset?: SubsetOptions | undefined;
  readonly probe?: readonly Probe[] | undefined;
  readonly tls?: TlsOptions | undefined;
  readonly locality?: Locality | undefined;
  readonly quorum?: Quorum | undefined;
  readonly concurrencyLimit?: ConcurrencyLimit | undefined;
}

const fields = v.strictObject({
  name: v.optional(v.pipe(v.string('a string'), v.nonEmpty('a non-empty string')), 'cluster'),
  endpoints: v.lazy((value) => (Array.isArray(value) ? endpointsSchema : resolverSchema)),
  subset: v.optional(v.strictObject({ size: integerIn(1, 65_535), seed: v.optional(integerIn(0, 2 ** 32 - 1)) })),
  strategy: v.optional(objectWith<Strategy>('a strategy such as peakEwma()', 'build'), () => peakEwma()),
  ejection: v.optional(objectWith<EjectionPolicy>('an ejection policy such as consecutiveFailures()', 'start'), () =>
    consecutiveFailures(),
  ),
  probe: v.optional(probesSchema),
  retry: v.optional(
    objectWith<RetryPolicy>('a retry policy such as retryPolicy()', 'isRetryable', 'isCharged', 'delayMs'),
    () => retryPolicy(),
  ),
  budget: v.optional(
    objectWith<RetryBudget>('a retry budget such as retryBudget()', 'deposit', 'tryWithdraw', 'balance'),
    () => retryBudget(),
  ),
  transport: v.optional(v.picklist(['auto', 'h1', 'undici'], '"auto", "h1" or "undici"'), 'auto'),
  http2: v.optional(v.boolean('true or false'), false),
  connectTimeoutMs: v.optional(durationMs(1), 1_000),
  headTimeoutMs: v.optional(durationMs(1), 30_000),
  bodyTimeoutMs: v.optional(durationMs(1), 60_000),
  keepAliveMs: v.optional(durationMs(1, 600_000), 4_000),
  maxHeadBytes: v.optional(integerIn(1_024, 1_048_576), 16_384),
  maxInflight: v.optional(integerIn(1, 1_000_000), 1_024),
  concurrencyLimit: v.optional(objectWith<ConcurrencyLimit>('a concurrency limit such as aimd()', 'start')),
  maxQueued: v.optional(integerIn(0, 1_000_000), 1_024),
  queueTimeoutMs: v.optional(durationMs(1), 1_000),
  maxEjectedPercent: v.optional(numberIn(0, 100, 'percent'), 50),
  panicPercent: v.optional(numberIn(0, 100, 'percent'), 50),
  slowStartMs: v.optional(durationMs(0, 86_400_000), 10_000),
  locality: v.optional(localitySchema),
  quorum: v.optional(quorumSchema),
  latencyWindowMs: v.optional(durationMs(1), 10_000),
  tls: v.optional(tlsSchema),
  ...requestPolicyEntries,
  clock: v.optional(objectWith<Clock>('a clock', 'now', 'schedule'), () => systemClock),
  random: v.optional(objectWith<Random>('a random source', 'below', 'unit'), () => systemRandom()),
});

export const clusterSchema: v.GenericSchema<unknown, ResolvedClusterOptions> = v.pipe(
  fields,
  v.forward(
    v.check(({ transport, http2 }) => !http2 || transport === 'auto', 'false, or used with `transport: "auto"`'),
    ['http2'],
  ),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed || dataset.value.maxPending === undefined || dataset.value.maxConnections !== undefined) return;
    const { value: input } = dataset;
    const { maxPending } = input;
    const path: [v.ObjectPathItem] = [
      { type: 'object', origin: 'value', input: { ...input }, key: 'maxPending', value: maxPending },
    ];
    addIssue({ message: 'used with `maxConnections`', input: maxPending, path });
  }),
);
