/**
 * What `createCluster` takes, with every default beside it.
 */
import type { EndpointOptions, ResolvedEndpoint } from '../endpoint.ts';
import { endpointsSchema } from '../endpoint.ts';
import type { EjectionPolicy } from '../health/ejection.ts';
import { consecutiveFailures } from '../health/consecutive-failures.ts';
import type { Probe } from '../health/probe.ts';
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
import type { TlsOptions } from '../transport/tls.ts';

/** How a cluster behaves. Only `endpoints` is required. */
export interface ClusterOptions {
  /** Appears in errors and on the diagnostics channels. @default 'cluster' */
  readonly name?: string;
  /** At least one; no id and no route twice. */
  readonly endpoints: readonly (string | EndpointOptions)[];
  /** How load is spread. @default peakEwma() */
  readonly strategy?: Strategy;
  /** When an endpoint is ejected for how its attempts ended. @default consecutiveFailures() */
  readonly ejection?: EjectionPolicy;
  /** Asks the endpoints whether they are well. @default none: only real requests tell */
  readonly probe?: Probe;
  /** Which failed attempts are tried again. @default retryPolicy() */
  readonly retry?: RetryPolicy;
  /** How many retries there may be as a share of the requests. @default retryBudget() */
  readonly budget?: RetryBudget;
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

/** The options with all defaults filled in. */
export interface ResolvedClusterOptions extends Required<Omit<ClusterOptions, 'endpoints' | 'probe' | 'tls'>> {
  readonly endpoints: ResolvedEndpoint[];
  readonly probe?: Probe | undefined;
  readonly tls?: TlsOptions | undefined;
}

export const clusterSchema: v.GenericSchema<unknown, ResolvedClusterOptions> = v.strictObject({
  name: v.optional(v.pipe(v.string('a string'), v.nonEmpty('a non-empty string')), 'cluster'),
  endpoints: endpointsSchema,
  strategy: v.optional(objectWith<Strategy>('a strategy such as peakEwma()', 'build'), () => peakEwma()),
  ejection: v.optional(objectWith<EjectionPolicy>('an ejection policy such as consecutiveFailures()', 'track'), () =>
    consecutiveFailures(),
  ),
  probe: v.optional(objectWith<Probe>('a probe such as httpProbe()', 'check')),
  retry: v.optional(
    objectWith<RetryPolicy>('a retry policy such as retryPolicy()', 'isRetryable', 'isCharged', 'delayMs'),
    () => retryPolicy(),
  ),
  budget: v.optional(objectWith<RetryBudget>('a retry budget such as retryBudget()', 'deposit', 'tryWithdraw'), () =>
    retryBudget(),
  ),
  connectTimeoutMs: v.optional(durationMs(1), 1_000),
  headTimeoutMs: v.optional(durationMs(1), 30_000),
  bodyTimeoutMs: v.optional(durationMs(1), 60_000),
  keepAliveMs: v.optional(durationMs(1, 600_000), 4_000),
  maxHeadBytes: v.optional(integerIn(1_024, 1_048_576), 16_384),
  maxInflight: v.optional(integerIn(1, 1_000_000), 1_024),
  maxQueued: v.optional(integerIn(0, 1_000_000), 1_024),
  queueTimeoutMs: v.optional(durationMs(1), 1_000),
  maxEjectedPercent: v.optional(numberIn(0, 100, 'percent'), 50),
  panicPercent: v.optional(numberIn(0, 100, 'percent'), 50),
  latencyWindowMs: v.optional(durationMs(1), 10_000),
  tls: v.optional(tlsSchema),
  clock: v.optional(objectWith<Clock>('a clock', 'now', 'schedule'), () => systemClock),
  random: v.optional(objectWith<Random>('a random source', 'below', 'unit'), () => systemRandom()),
});
