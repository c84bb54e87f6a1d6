/**
 * The options of a cluster that say how its requests are sent: how long they may take, when one gets company, how many connections
 * there are, and what is answered when all fails.
 */
import type { HedgePolicy } from '../retry/hedge-policy.ts';
import { durationMs, functionOf, integerIn, objectWith, v } from '../options.ts';
import { DEADLINE_FIELD } from './deadline.ts';
import type { Fallback } from './fallback.ts';

/** How requests are sent. */
export interface RequestPolicyOptions {
  /**
   * Sends a second attempt to another endpoint when the first one is late, and takes what comes first. Only what is idempotent, can be
   * replayed and sticks to no endpoint; paid for from `budget` too; counts as a try of `retry`. @default none
   */
  readonly hedge?: HedgePolicy;
  /**
   * ms until a whole exchange has to be over, 1..2^31-1: attempts, waits and the response body. An attempt that had half of it and no
   * response head counts as timed out; one that a shorter deadline of its caller's own ends is blamed on nobody. @default no limit
   */
  readonly deadlineMs?: number;
  /**
   * ms that each attempt has until its response head, 1..2^31-1, connecting and waiting for a connection included. Ends it on the
   * millisecond, where `headTimeoutMs` counts from when the request was written, in coarse steps. @default no limit
   */
  readonly attemptTimeoutMs?: number;
  /**
   * The header field that tells endpoints how many ms are left, on requests that have a deadline; false for none.
   * @default 'x-envoy-expected-rq-timeout-ms'
   */
  readonly deadlineField?: string | false;
  /**
   * Connections per endpoint, 1..65_535. Requests beyond them wait for one, `maxPending` at most: an endpoint takes the lesser of
   * `maxInflight` and `maxConnections + maxPending`. `execute` knows nothing of connections and is held to the same number.
   * @default no limit
   */
  readonly maxConnections?: number;
  /** Requests per endpoint that may wait for a connection, 0..1_000_000; only together with `maxConnections`. @default no limit */
  readonly maxPending?: number;
  /**
   * ms after which connections are not used again, 1..2^31-1, give or take 10 % so that not all balancers reconnect at once. Whatever is
   * on them is finished first. For endpoints that are many behind one address: new ones get their share of connections only so.
   * @default no limit
   */
  readonly maxConnectionAgeMs?: number;
  /** Answers in place of an endpoint when an exchange fails before anything was passed on. @default none: the caller gets the error */
  readonly fallback?: Fallback;
}

/** The options that have no default. */
export type OptionalPolicy = Exclude<keyof RequestPolicyOptions, 'deadlineField'>;

/** The same as they are looked at. */
export type ResolvedRequestPolicies = {
  readonly [K in keyof RequestPolicyOptions]: RequestPolicyOptions[K] | undefined;
} & { readonly deadlineField: string | false };

const FIELD = 'a header field name, or false';

type Entries = { [K in keyof Required<RequestPolicyOptions>]: v.GenericSchema<unknown, ResolvedRequestPolicies[K]> };

/** To be spread into a cluster's schema. */
export const requestPolicyEntries: Entries = {
  hedge: v.optional(
    objectWith<HedgePolicy>('a hedge policy such as hedging()', 'delayMs', 'observe', 'deposit', 'tryWithdraw'),
  ),
  deadlineMs: v.optional(durationMs(1)),
  attemptTimeoutMs: v.optional(durationMs(1)),
  deadlineField: v.optional(
    v.union([v.literal(false), v.pipe(v.string(), v.regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/))], FIELD),
    DEADLINE_FIELD,
  ),
  maxConnections: v.optional(integerIn(1, 65_535)),
  maxPending: v.optional(integerIn(0, 1_000_000)),
  maxConnectionAgeMs: v.optional(durationMs(1)),
  fallback: v.optional(functionOf<Fallback>()),
};

/** What each exchange looks at, in an object of its own that stays small. */
export interface RequestPolicies {
  readonly hedge: HedgePolicy | undefined;
  readonly deadlineMs: number | undefined;
  readonly attemptTimeoutMs: number | undefined;
  readonly deadlineField: string | false;
  readonly fallback: Fallback | undefined;
  /** Any exchange may need timers, not only one that says so. */
  readonly isTimed: boolean;
}

export function requestPolicies(options: ResolvedRequestPolicies): RequestPolicies {
  const { hedge, deadlineMs, attemptTimeoutMs, deadlineField, fallback } = options;
  const isTimed = hedge !== undefined || deadlineMs !== undefined || attemptTimeoutMs !== undefined;
  return { hedge, deadlineMs, attemptTimeoutMs, deadlineField, fallback, isTimed };
}

/** How many attempts an endpoint may have: what its connections and those who wait for one allow, if that is less. */
export function inflightLimit(
  maxInflight: number,
  { maxConnections = Infinity, maxPending = Infinity }: Pick<ResolvedRequestPolicies, 'maxConnections' | 'maxPending'>,
): number {
  return Math.min(maxInflight, maxConnections + maxPending);
}
