// @evenkeel/core: dist/index.d.ts
// @evenkeel/core/options: dist/options.d.ts
// @evenkeel/core/session-cookie: dist/session-cookie.d.ts
// @evenkeel/core/testing: dist/testing/index.d.ts

// dist/channels.d.ts
import type { Channel } from 'node:diagnostics_channel';
import type { ErrorCode } from './errors.ts';
import type { Outcome } from './outcome.ts';
/** What the two messages of an attempt have in common. */
export interface AttemptMessage {
    readonly cluster: string;
    readonly endpoint: string;
    /** 0 for the first try. A hedge counts as one. */
    readonly attempt: number;
    readonly method: string;
    readonly path: string;
    /** Sent beside an earlier attempt that was late. */
    readonly isHedge: boolean;
}
/** An attempt is about to be sent, and what was known of its endpoint when it was picked. */
export interface AttemptStartMessage extends AttemptMessage {
    /** The request stuck to this endpoint: no strategy was asked. */
    readonly isSticky: boolean;
    /** The endpoint was unfit, and this attempt finds out whether it still is. */
    readonly isTrial: boolean;
    /** Attempts that the endpoint had in flight, this one not counted. */
    readonly inflight: number;
    /** ms until the response head as the cluster expected them, failures weighed in; 0 if nothing was known. */
    readonly expectedMs: number;
}
/** The head of a response arrived, or the attempt ended without one. */
export interface AttemptEndMessage extends AttemptMessage {
    /** `cancelled` also for a hedged attempt whose companion was faster. */
    readonly outcome: Outcome;
    /** 0 if there was no response. */
    readonly status: number;
    /** For how long a 503 asks for no requests, at most 300_000 ms; 0 if it does not. */
    readonly retryAfterMs: number;
    readonly code: ErrorCode | undefined;
    readonly durationMs: number;
    /** True if the exchange goes on: another attempt follows, or is under way already. */
    readonly isRetried: boolean;
}
/** An exchange is over, its body too. */
export interface ExchangeEndMessage {
    readonly cluster: string;
    /** Where the response came from; undefined if there was none. */
    readonly endpoint: string | undefined;
    readonly method: string;
    readonly path: string;
    readonly attempts: number;
    /** 0 if there was no response. That of the fallback if `isFallback`. */
    readonly status: number;
    /** Why it failed, even if the fallback answered. */
    readonly code: ErrorCode | undefined;
    readonly durationMs: number;
    /** The cluster's `fallback` answered in place of an endpoint. */
    readonly isFallback: boolean;
}
/** A probe of an endpoint is over. */
export interface ProbeEndMessage {
    readonly cluster: string;
    readonly endpoint: string;
    /** The probe's name. */
    readonly probe: string;
    readonly isPassed: boolean;
    /** Why it failed; undefined if it passed. */
    readonly error: Error | undefined;
    /** Whether the endpoint is well as far as this probe can tell. */
    readonly isWell: boolean;
    readonly durationMs: number;
}
/** `evenkeel:attempt:start` carries an `AttemptStartMessage`. */
export declare const attemptStart: Channel;
/** `evenkeel:attempt:end` carries an `AttemptEndMessage`. */
export declare const attemptEnd: Channel;
/** `evenkeel:exchange:end` carries an `ExchangeEndMessage`. */
export declare const exchangeEnd: Channel;
/** `evenkeel:probe:end` carries a `ProbeEndMessage`. */
export declare const probeEnd: Channel;

// dist/cluster/candidates.d.ts
/**
 * Choosing among endpoints where no strategy is asked, or its answer will not do: who has room, who inherits a session, who is left.
 */
import type { PickContext, ResolvedEndpoint } from '../endpoint.ts';
import type { Random } from '../lib/random.ts';
import type { Picker } from '../strategies/strategy.ts';
import type { EndpointState } from './endpoint-state.ts';
/** True if the endpoint is still where it was. */
export declare function isSameAddress(endpoint: EndpointState, { origin, socketPath }: ResolvedEndpoint): boolean;
/** True if the endpoint has room and was not tried before. */
export declare function isFree(endpoint: EndpointState, context: PickContext): boolean;
/** In place of a route: whoever the key belongs to, as `ownerOf` says. No endpoint has an empty route. */
export declare const ROUTE_OF_KEY = "";
/**
 * Whose key it is, by weighted rendezvous hashing of all members of the first priority, whether they may be picked or not; so the
 * place of a session is the same for all balancers, and it moves only if that member goes. O(n)
 */
export declare function ownerOf(endpoints: readonly EndpointState[], key: number): EndpointState | undefined;
/** Who takes over from an endpoint that is gone, if anybody may: the same for all balancers and all requests of a session. O(n) */
export declare function successor(endpoints: readonly EndpointState[], context: PickContext): EndpointState | undefined;
/**
 * The endpoint that a request sticks to; or, if with that request it had more than `maxLoadRatio` times its share of what is in
 * flight, the next one in the session's own order that has not: this one request takes a detour. O(n), O(1) without a bound.
 * @see Mirrokni, Thorup and Zadimoghaddam 2016, "Consistent hashing with bounded loads", https://arxiv.org/abs/1608.01350
 */
export declare function homeOrDetour(home: EndpointState, endpoints: readonly EndpointState[], context: PickContext): EndpointState;
/** What the picker names; a scan where it keeps naming endpoints that are full or were tried. */
export declare function pickFree(picker: Picker<EndpointState>, endpoints: readonly EndpointState[], context: PickContext, random: Random): EndpointState | undefined;

// dist/cluster/endpoint-state.d.ts
/** What a cluster knows about one endpoint: the view that strategies see, and the learned state behind it. */
import type { ConcurrencyLimiter } from '../concurrency/concurrency-limit.ts';
import type { Endpoint, ResolvedEndpoint } from '../endpoint.ts';
import type { EjectionTracker } from '../health/ejection.ts';
import type { HealthReason } from '../health/reasons.ts';
import type { LoadReport } from '../load-report.ts';
import type { Outcome } from '../outcome.ts';
import type { Ledger } from './ledger.ts';
/** What all endpoints of a cluster share. */
export interface EndpointShare {
    readonly ledger: Ledger;
    readonly maxInflight: number;
}
export declare class EndpointState implements Endpoint {
    inflight: number;
    private expectedUs;
    /** When to look again, in whole ms. */
    private expectedUntil;
    /** Attempts that may be in flight. */
    limit: number;
    private waiting;
    private at;
    private ledger;
    /** When to look again if nothing waits. */
    private freshUntil;
    /** Bits of `REASON_BIT`. */
    reasons: number;
    private idleListeners;
    /** A success says nothing but its latency: neither the tracker nor a limiter need hear of it. */
    isAtRest: boolean;
    private readonly limiter;
    /** Member of the current picker, with this share of load as of the last snapshot. */
    isPicked: boolean;
    weight: number;
    readonly tracker: EjectionTracker;
    readonly id: string;
    readonly idHash: number;
    report: LoadReport | undefined;
    tier: number;
    /** Who says that it is about to go: bits of `LEAVING_BIT`. Its own report says so until `leavingUntil`. */
    leaving: number;
    leavingUntil: number;
    /** What an agent makes of its configured weight. */
    weightRatio: number;
    /** Some request has stuck to it; while draining, such are still served; how often it was drained. */
    hasSessions: boolean;
    keepsSessions: boolean;
    drains: number;
    /** When the ejection ends; meaningful only while the reason `ejected` stands. */
    ejectedUntil: number;
    /** Since when it waits to prove itself; meaningful only while the reason `on-trial` stands. */
    onTrialSince: number;
    /** When the one request was picked that it has to prove itself by; `NEVER` while there is none. In whole ms, as the next one. */
    trialTakenAt: number;
    /** Since when its weight grows; `NEVER` if it has grown up. */
    slowSince: number;
    ignoredReports: number;
    private undrainListeners;
    /** Connections that have changed protocols. */
    tunnels: Set<{
        cut(): void;
    }> | undefined;
    /** Replaced when the endpoint stays and what was said of it changes. */
    options: ResolvedEndpoint;
    private readonly maxInflight;
    constructor(options: ResolvedEndpoint, share: EndpointShare, tracker: EjectionTracker, limiter: ConcurrencyLimiter | undefined);
    get origin(): string;
    get socketPath(): string | undefined;
    get priority(): number;
    get zone(): string | undefined;
    get isDraining(): boolean;
    get isFallback(): boolean;
    get tags(): Readonly<Record<string, string>>;
    get route(): string;
    get isRouteNamed(): boolean;
    get fullWeight(): number;
    latencyAt(now: number): number;
    expectedUsAt(now: number): number;
    waitingAgeAt(now: number): number;
    begin(now: number): void;
    /** Lays down the times of an attempt for `settle`, which follows. */
    note(startedAt: number, now: number): void;
    /** The attempt of `note` has a response head, or none will come. @returns for how many ms the endpoint should be ejected, 0 for not */
    settle(outcome: Outcome, stalledMs: number): number;
    /** The attempt of `note` was given up. A sample never lowers what is expected at its time, so this one says "at least". */
    settleLate(stalledMs: number): void;
    /** A body was cut short at the time of `note`. */
    settleCut(): number;
    end(): void;
    /** Calls `listener` once, when the last attempt is over. */
    onIdle(listener: () => void): void;
    /** Calls `listener` once, when there is no point in keeping sessions any longer. */
    onUndrain(listener: () => void): void;
    undrain(): void;
    /** No longer a member. Its row goes to somebody else, and what it still has under way is kept in a copy. */
    retire(): void;
    /** Takes a reason away. Whoever has none left starts slowly. */
    clear(reason: HealthReason, now: number): void;
    has(reason: HealthReason): boolean;
    /** The rest of `settle`, where more than the latency may have changed. */
    private weigh;
    /**
     * Takes the outcome into the failure ratio and asks the tracker. Health needs no fractions of a ms, which would be boxed. What to
     * expect falls slowly, so that only bad news has to be looked at now; the rest is when somebody asks and it may have changed.
     */
    private judge;
    /** Looks again at what a request has to expect, as of `NOW`. */
    private expect;
    private becomeIdle;
}

// dist/cluster/explanation.d.ts
/**
 * Why a pick would go where it would: for a debug page, a span attribute, a puzzled operator.
 */
import type { HealthReason } from '../health/reasons.ts';
/** An endpoint that could be picked, as the strategy sees it. */
export interface ExplainedCandidate {
    readonly endpoint: string;
    /** The least one wins; only comparable within one explanation. Undefined where the strategy has no order. */
    readonly score: number | undefined;
    readonly weight: number;
    readonly inflight: number;
    readonly latencyMs: number;
    readonly waitingAgeMs: number;
    /** Which share of the traffic its priority level and zone get now, 0..1. */
    readonly tierShare: number;
}
/** An endpoint that cannot, and everything that speaks against it. */
export interface ExcludedEndpoint {
    readonly endpoint: string;
    /**
     * `lower-priority`: a level or zone that gets no traffic now; `fallback`: a sorry server while others serve; `not-considered`: the
     * strategy, a trial or stickiness has somebody else in mind.
     */
    readonly reasons: readonly (HealthReason | 'tried' | 'full' | 'lower-priority' | 'fallback' | 'not-considered')[];
}
/** What `cluster.explain(context)` says. */
export interface Explanation {
    readonly strategy: string;
    /**
     * `sticky`: the endpoint of `preferred` serves; `successor`: it does not, another one was chosen for the key; `trial`: this
     * request tries out an endpoint that comes back; `panic`: health is ignored; `fallback`: only sorry servers are left; `none`:
     * nothing may be picked.
     */
    readonly regime: 'strategy' | 'sticky' | 'successor' | 'trial' | 'panic' | 'fallback' | 'none';
    /** The strategy's own word for the rule at work, such as `full-scan` or `cold`; undefined if it has one only. */
    readonly rule: string | undefined;
    /** Best first. */
    readonly candidates: readonly ExplainedCandidate[];
    readonly excluded: readonly ExcludedEndpoint[];
}

// dist/cluster/ledger.d.ts
/** Places in the first two rows. */
export declare const NOW = 0;
export declare const STARTED_AT = 1;
export declare const SAMPLE = 2;
/** What `latencyNow` and `expectNow` found: a fraction that a function returns is boxed too. */
export declare const RESULT = 5;
/** Until when what `expectNow` found holds, and until when it would if nothing waited. */
export declare const HOLDS_UNTIL = 6;
export declare const FRESH_UNTIL = 7;
export declare const FAILURES = 2;
export declare const WAITING_STARTS = 4;
export declare class Ledger {
    #private;
    /** Replaced when it grows, so nobody may hold on to it. */
    numbers: Float64Array;
    constructor(latencyWindowMs: number, rows?: number);
    /** A row of zeros. @returns where it starts. O(1), but for growing */
    open(): number;
    /** Gives a row back. */
    close(at: number): void;
    /** A ledger with this row alone, for who is leaving. Its row is where `open` of a new ledger would put it. */
    copyOf(at: number): {
        ledger: Ledger;
        at: number;
    };
}
/** Lays down as `RESULT` what a request has to expect as of `NOW`: the average, and more where requests have failed of late. */
export declare function latencyNow(numbers: Float64Array, at: number): void;
/**
 * Lays down as `RESULT` the greater of the latency and the age of what waits, 0 if the latency is not known. That holds until the next
 * outcome, but for two things that change by themselves: the age, which overtakes the latency no sooner than the difference of the two
 * from now, and the decay, of which nobody takes notice for a while.
 * @param waiting how many attempts wait for their response head
 */
export declare function expectNow(numbers: Float64Array, at: number, waiting: number): void;
/**
 * Takes in `SAMPLE` ms at `NOW`. A peak is believed at once, good news by the share of the window that has passed since the last
 * sample. So the weight of a sample depends on time and not on the number of samples, and a busy endpoint forgets a peak no faster
 * than a quiet one.
 * @returns whether it is a peak
 * @see Finagle's `PeakEwma.scala`, for the peak rule; it decays on reading, which makes its value depend on how often it is read
 */
export declare function observeLatency(numbers: Float64Array, at: number): boolean;
/** Takes an outcome into the failure ratio. @param failed 1 for a failure, 0 for none @returns whether that changes it */
export declare function countOutcome(numbers: Float64Array, at: number, failed: 0 | 1): boolean;

// dist/cluster/snapshot.d.ts
import type { Random } from '../lib/random.ts';
import type { Picker, Strategy } from '../strategies/strategy.ts';
import type { EndpointState } from './endpoint-state.ts';
import type { Locality, Tier } from './tiers.ts';
/** The pickable endpoints until something changes. */
export interface Snapshot {
    readonly pickable: readonly EndpointState[];
    readonly tiers: readonly Tier[];
    /** Undefined if nothing may be picked. */
    readonly picker: Picker<EndpointState> | undefined;
    /** The picker of each tier by its key. */
    readonly pickers: ReadonlyMap<string, Picker<EndpointState>>;
    /** Those that one request at a time may try out. */
    readonly trials: readonly EndpointState[];
    /** When an ejection or a step of a slow start ends; infinite if nothing of that kind is under way. */
    readonly nextChangeAt: number;
    /** There is a picker and nobody to try out: a request that sticks to nothing has only the picker to ask. */
    readonly isPlain: boolean;
    readonly isPanicking: boolean;
    readonly isOnFallback: boolean;
    readonly hasQuorum: boolean;
}
/** How much has to be well for the cluster to count as up. */
export interface Quorum {
    readonly weight: number;
    readonly hysteresis: number;
}
/** What a snapshot is taken by. */
export interface SnapshotRules {
    readonly strategy: Strategy;
    readonly random: Random;
    readonly panicPercent: number;
    readonly slowStartMs: number;
    readonly locality?: Locality | undefined;
    readonly quorum?: Quorum | undefined;
}
/** Before the first endpoint. */
export declare const EMPTY_SNAPSHOT: Snapshot;
/**
 * Ends what has run out, sets the weights and builds the picker. O(n), at change only.
 * @param before the snapshot that this one replaces
 */
export declare function takeSnapshot(endpoints: readonly EndpointState[], now: number, rules: SnapshotRules, before: Snapshot): Snapshot;

// dist/cluster/tiers.d.ts
import type { EndpointState } from './endpoint-state.ts';
/** Some endpoints, and their part of the traffic. */
export interface Tier {
    /** What it is called across rebuilds. */
    readonly key: string;
    /** Above 0; all shares together make 1. */
    readonly share: number;
    readonly endpoints: readonly EndpointState[];
}
/** Where the caller is, and how callers are spread. */
export interface Locality {
    readonly zone: string;
    /** How many callers run in each zone; undefined for as many in each zone that has endpoints. */
    readonly callers: Readonly<Record<string, number>> | undefined;
    /** With fewer endpoints zones do not matter. */
    readonly minEndpoints: number;
}
export interface Split {
    readonly tiers: readonly Tier[];
    readonly isPanicking: boolean;
    /** The priority of the last level that is needed; Infinity if all of them cannot take everything. */
    readonly lastPriority: number;
}
/**
 * Splits the traffic over the endpoints that may be picked.
 * @param panicPercent 0 for never ignoring health
 */
export declare function split(endpoints: readonly EndpointState[], panicPercent: number, locality: Locality | undefined): Split;

// dist/concurrency/aimd.d.ts
import type { Outcome } from '../outcome.ts';
import type { ConcurrencyLimit } from './concurrency-limit.ts';
/** How the limit moves. */
export interface AimdOptions {
    /** Where it starts, `minLimit`..`maxLimit`. @default 20 */
    readonly initialLimit?: number;
    /** It never falls below, 1..1_000_000. @default 4 */
    readonly minLimit?: number;
    /** It never grows beyond, `minLimit`..1_000_000. @default 1_024 */
    readonly maxLimit?: number;
    /** What a drop leaves of it, 0.5..0.99. @default 0.9 */
    readonly backoffRatio?: number;
    /** ms to the response head from which on a success is a drop, 1..2^31-1. @default 5_000 */
    readonly timeoutMs?: number;
    /** Outcomes that are drops; not `success` or `cancelled`. @default ['rate-limited', 'timeout'] */
    readonly drops?: readonly Exclude<Outcome, 'success' | 'cancelled'>[];
}
/** A limit that losses drive. O(1) per attempt. @throws INVALID_OPTIONS */
export declare function aimd(options?: AimdOptions): ConcurrencyLimit;

// dist/concurrency/concurrency-limit.d.ts
/**
 * How many attempts one endpoint may have in flight, where nobody knows a good number: a limit that follows what it sees.
 */
import type { Outcome } from '../outcome.ts';
/** A way to find the number. */
export interface ConcurrencyLimit {
    readonly name: string;
    /** A fresh limiter for one endpoint. */
    start(): ConcurrencyLimiter;
}
/** The limiter of one endpoint. */
export interface ConcurrencyLimiter {
    /** Attempts that may be in flight now; a whole number, at least 1. */
    readonly limit: number;
    /**
     * Takes note of an attempt that ended at `now`; `cancelled` never reaches it. Allocates nothing.
     * @param latencyMs ms from its start to its response head or failure
     * @param inflight attempts in flight, it included
     */
    observe(outcome: Outcome, latencyMs: number, inflight: number, now: number): void;
}

// dist/concurrency/gradient2.d.ts
import type { ConcurrencyLimit } from './concurrency-limit.ts';
/** How the limit moves. */
export interface Gradient2Options {
    /** Where it starts, `minLimit`..`maxLimit`. @default 20 */
    readonly initialLimit?: number;
    /** It never falls below, 1..1_000_000. @default 20 */
    readonly minLimit?: number;
    /** It never grows beyond, `minLimit`..1_000_000. @default 200 */
    readonly maxLimit?: number;
    /** Attempts that may wait at the endpoint for a place, so that there is always something to do; 1..10_000. @default 4 */
    readonly queueSize?: number;
    /** How many times the usual latency is still usual, 1..10. @default 1.5 */
    readonly tolerance?: number;
    /** ms of which one mean is taken, 1..2^31-1. The limit grows by at most a fifth of `queueSize` in it. @default 1_000 */
    readonly sampleMs?: number;
}
/** A limit that latency drives. O(1) per attempt. @throws INVALID_OPTIONS */
export declare function gradient2(options?: Gradient2Options): ConcurrencyLimit;

// dist/discovery/dns-resolver.d.ts
import type { Resolver } from './resolver.ts';
/** Which name to ask for, and how often. */
export interface DnsResolverOptions {
    /** The whole name: no search domain is tried and no hosts file read. */
    readonly name: string;
    /** Where the endpoints listen, 1..65535. */
    readonly port: number;
    /** 4 asks for `A` records, 6 for `AAAA`. @default 4 */
    readonly family?: 4 | 6;
    /**
     * With `https`, give the cluster `tls: { servername }` as well: the endpoints are addresses and their certificate is for a name.
     * Without it every connection is refused, since no certificate fits. @default 'http'
     */
    readonly protocol?: 'http' | 'https';
    /** Name servers to ask, `address` or `address:port`. @default the system's */
    readonly servers?: readonly string[];
    /** ms between two lookups at least, however short the time to live, 100..2^31-1. @default 5_000 */
    readonly minTtlMs?: number;
    /** ms between two lookups at most, `minTtlMs`..2^31-1, but for the jitter of 10 %. @default 300_000 */
    readonly maxTtlMs?: number;
}
/** One endpoint per address of a name; its id is its origin. @throws INVALID_OPTIONS */
export declare function dnsResolver(options: DnsResolverOptions): Resolver;

// dist/discovery/file-resolver.d.ts
import type { Resolver } from './resolver.ts';
/** Which file, and how often to look. */
export interface FileResolverOptions {
    /**
     * A JSON array of endpoints as `createCluster` takes them, or an object with such an array as `endpoints`. Relative to the working
     * directory.
     */
    readonly path: string;
    /** ms between two looks if no change is noticed, as on some network file systems, 100..2^31-1. @default 10_000 */
    readonly intervalMs?: number;
    /** A larger file is refused, 2..67_108_864 bytes. @default 1_048_576 */
    readonly maxBytes?: number;
}
/** The endpoints that a file lists, as it changes. A file that is missing or wrong changes nothing. @throws INVALID_OPTIONS */
export declare function fileResolver(options: FileResolverOptions): Resolver;

// dist/discovery/resolver.d.ts
/**
 * Where the members of a cluster come from, if not from a list: a resolver yields the whole set whenever it may have changed. The
 * cluster takes the difference, so that what was learned about endpoints that stay is kept; it holds the last good set while the
 * resolver fails.
 *
 * A set is good if a list of it would be: at least one endpoint, no id and no route twice. So an empty set is never obeyed. Whoever
 * finds no member is more often mistaken than right, and endpoints that are really gone refuse their connections anyway.
 */
import type { EndpointOptions } from '../endpoint.ts';
import type { Cancel } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';
/** A record of an `A` or `AAAA` lookup. */
export interface AddressRecord {
    readonly address: string;
    readonly ttlSeconds: number;
}
/** A record of an `SRV` lookup. */
export interface ServiceRecord {
    readonly name: string;
    readonly port: number;
    /** Lower is used first. */
    readonly priority: number;
    readonly weight: number;
}
/** The world as a resolver may use it. */
export interface ResolverIo {
    /** Aborts when the cluster closes. */
    readonly signal: AbortSignal;
    readonly random: Random;
    /** Milliseconds on the cluster's clock. */
    now(): number;
    /** Resolves after `ms`, or as soon as `until` does; rejects when the signal aborts. Does not hold the process. */
    sleep(ms: number, until?: Promise<void>): Promise<void>;
    /** Tells of a failure that the resolver survives. The last good set stands. */
    fail(error: unknown): void;
    /**
     * The records of exactly this name; no search domain is tried and no hosts file read.
     * @param servers `address` or `address:port`. Without it the system's are asked
     * @throws an error with a `code` of `node:dns`; `ENOTFOUND` and `ENODATA` mean that there is no record
     */
    resolveAddresses(name: string, family: 4 | 6, servers?: readonly string[]): Promise<readonly AddressRecord[]>;
    /** The same for `SRV` records. Their time to live is not known. */
    resolveServices(name: string, servers?: readonly string[]): Promise<readonly ServiceRecord[]>;
    /** @throws if there is no such file, or if it is larger than `maxBytes` */
    readFile(path: string, maxBytes: number): Promise<string>;
    /** Calls `onChange` when the file, or what has its name, may have changed. It may miss a change: ask now and then as well. */
    watchFile(path: string, onChange: () => void): Cancel;
}
/** One way to learn the members of a cluster. */
export interface Resolver {
    /** Appears in errors. */
    readonly name: string;
    /**
     * Yields whole sets until `io.signal` aborts; the same one again does no harm. One that throws, or ends before its first set, is
     * started again after 1 to 30 s; what it yielded before stands. One that ends later has said all it has to say.
     * Simplest: `{ name: 'mine', async *resolve() { yield ['http://10.0.0.1:3000'] } }`.
     */
    resolve(io: ResolverIo): AsyncIterable<readonly (string | EndpointOptions)[]>;
}

// dist/discovery/srv-resolver.d.ts
import type { Resolver } from './resolver.ts';
/** Which service to ask for, and how often. */
export interface SrvResolverOptions {
    /** Such as `_http._tcp.shop.example`; the whole name: no search domain is tried. */
    readonly service: string;
    /** 4 asks for `A` records of the targets, 6 for `AAAA`. @default 4 */
    readonly family?: 4 | 6;
    /** With `https`, give the cluster `tls: { servername }` as well, see `dnsResolver()`. @default 'http' */
    readonly protocol?: 'http' | 'https';
    /** Name servers to ask, `address` or `address:port`. @default the system's */
    readonly servers?: readonly string[];
    /** ms between two lookups, but for a jitter of 10 %, 100..2^31-1. The records' time to live is not known. @default 30_000 */
    readonly refreshMs?: number;
}
/**
 * One endpoint per target and address. The lowest priority number becomes 0, the next one 1 and so on; a weight of 0 becomes 1. Its id is
 * `target:port`, so that an instance that comes back under its name at another address keeps what sticks to it; a target with several
 * addresses has `target:port/address`.
 * @throws INVALID_OPTIONS
 */
export declare function srvResolver(options: SrvResolverOptions): Resolver;

// dist/discovery/subset.d.ts
/**
 * Random subsetting: of many endpoints, each client uses a few. Rendezvous hashing of the client's seed with the endpoint's id gives each
 * client its own order of all endpoints, and it takes the first `size`. Endpoints that come and go leave the order of the others as it is,
 * so with each of them at most one that takes new work joins the subset and at most one leaves it.
 *
 * When: hundreds of clients times hundreds of endpoints, where connections and probes cost more than the work they carry. When not: few
 * clients, since the load is even only in the mean: an endpoint has about `clients * size / endpoints` clients, give or take twice the
 * square root of that. And not where sessions stick to endpoints through several balancers, whose subsets differ.
 *
 * Weights have no say here: the strategy divides the load within the subset by weight, and to count it twice would square it.
 * @see gRFC A68 (random subsetting)
 */
import type { ResolvedEndpoint } from '../endpoint.ts';
import type { Random } from '../lib/random.ts';
/** How many endpoints to use, and whose choice it is. */
export interface SubsetOptions {
    /**
     * How many endpoints of every priority level, 1..65535; all if there are fewer. Those that are draining do not count, and sorry servers
     * are always there. With fewer than about 12 there is a risk that all of them fail at a time.
     */
    readonly size: number;
    /** An integer in 0..2^32-1, another one for each client: equal seeds choose the same endpoints. @default drawn by chance */
    readonly seed?: number | undefined;
}
/** Chooses from a set, in the order of the set. */
export type Choose = <E extends ResolvedEndpoint>(endpoints: readonly E[]) => readonly E[];
/** All of them without options. @param random draws the seed if none is given */
export declare function chooserOf(options: SubsetOptions | undefined, random: Random): Choose;
/** Pure: equal options and sets give equal subsets, whatever the order of the set. O(n log n) per set. */
export declare function subset({ size, seed }: {
    readonly size: number;
    readonly seed: number;
}): Choose;

// dist/dispatch/call.d.ts
/**
 * What `cluster.request()` and `cluster.execute()` take and give.
 */
import type { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { Outcome } from '../outcome.ts';
import type { Priority } from './wait-queue.ts';
/** Header fields by name; the names' case is kept on the wire. */
export type HeaderFields = Readonly<Record<string, string | readonly string[]>>;
/** One outbound request. */
export interface RequestOptions {
    /** Origin-form: starts with `/`. */
    readonly path: string;
    /** @default 'GET' */
    readonly method?: string;
    readonly headers?: HeaderFields;
    /** A string or bytes can be replayed; a stream cannot. */
    readonly body?: string | Uint8Array | Readable | null;
    /** Sending it twice does no harm. @default by method: GET, HEAD, OPTIONS, TRACE, PUT and DELETE are (RFC 9110 section 9.2.2) */
    readonly isIdempotent?: boolean;
    readonly signal?: AbortSignal;
    /** What the request hangs on, such as a user id; equal keys go together under a hashing strategy. */
    readonly key?: string;
    /** ms until the response head. @default the cluster's */
    readonly headTimeoutMs?: number;
    /** ms between two pieces of the body. @default the cluster's */
    readonly bodyTimeoutMs?: number;
    /**
     * ms from now until everything is over: attempts, waits and the response body; Infinity for no limit, 0 or less if it is too late
     * already. @default the cluster's
     */
    readonly deadlineMs?: number;
    /** ms that each attempt has until its response head, more than 0; Infinity for no limit. @default the cluster's */
    readonly attemptTimeoutMs?: number;
    /** How urgent it is if it has to wait for room. @default 'normal' */
    readonly priority?: Priority;
    /** False to never send it to a second endpoint beside the first. @default true, if the cluster has a `hedge` policy */
    readonly hedge?: boolean;
}
/** A response whose body is read in one of four ways, once. A body that nobody reads holds its connection. */
export interface ClusterResponse {
    readonly status: number;
    readonly statusText: string;
    /** Names in lower case; a name that came more than once has its values joined by `, `, but for `set-cookie`. */
    readonly headers: Readonly<Record<string, string | string[]>>;
    /** The id of the endpoint that answered; empty if the cluster's `fallback` did. */
    readonly endpoint: string;
    text(): Promise<string>;
    json<T = unknown>(): Promise<T>;
    bytes(): Promise<Uint8Array>;
    /** As it comes, with back-pressure. Destroying it ends the attempt. */
    stream(): Readable;
    /** The same as a stream of the web. Cancelling it ends the attempt. */
    webStream(): ReadableStream<Uint8Array>;
    /** Reads and drops the body, so that the connection can be used again. */
    discard(): Promise<void>;
}
/** How to run a call of any protocol that gives a `T`. */
export interface ExecuteOptions<T = never> {
    readonly signal?: AbortSignal;
    readonly key?: string;
    /** The call may be repeated on another endpoint. @default false */
    readonly isIdempotent?: boolean;
    /** What a rejection means for the endpoint. @default 'cancelled' if the signal was aborted, else 'server-error' */
    readonly classify?: (error: unknown) => Outcome;
    /**
     * ms from now until everything is over; then the signal that the call was given is aborted, nothing is started any more, and the
     * answer is DEADLINE_EXCEEDED. A call that does not heed the signal is waited for. @default no limit
     */
    readonly deadlineMs?: number;
    /** How urgent it is if it has to wait for room. @default 'normal' */
    readonly priority?: Priority;
    /** Makes up for a failure, unless it was the caller's signal that ended it. @param error what `execute` would reject with */
    readonly fallback?: (error: unknown) => T | Promise<T>;
}

// dist/dispatch/cluster-options.d.ts
/**
 * What `createCluster` takes, with every default beside it.
 */
import type { Resolver } from '../discovery/resolver.ts';
import type { SubsetOptions } from '../discovery/subset.ts';
import type { EndpointOptions, ResolvedEndpoint } from '../endpoint.ts';
import type { Quorum } from '../cluster/snapshot.ts';
import type { Locality } from '../cluster/tiers.ts';
import type { ConcurrencyLimit } from '../concurrency/concurrency-limit.ts';
import type { EjectionPolicy } from '../health/ejection.ts';
import type { Probe } from '../health/probe.ts';
import type { Clock } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';
import { v } from '../options.ts';
import type { RetryBudget } from '../retry/retry-budget.ts';
import type { RetryPolicy } from '../retry/retry-policy.ts';
import type { Strategy } from '../strategies/strategy.ts';
import type { LocalityOptions, QuorumOptions } from './membership-options.ts';
import type { TlsOptions } from '../transport/tls.ts';
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
/** Options that may stay undefined. */
type WithoutDefault = OptionalPolicy | 'subset' | 'probe' | 'tls' | 'locality' | 'quorum' | 'concurrencyLimit';
/** The options with all defaults filled in. */
export interface ResolvedClusterOptions extends Required<Omit<ClusterOptions, 'endpoints' | WithoutDefault>>, Pick<ResolvedRequestPolicies, OptionalPolicy> {
    readonly endpoints: ResolvedEndpoint[] | Resolver;
    readonly subset?: SubsetOptions | undefined;
    readonly probe?: readonly Probe[] | undefined;
    readonly tls?: TlsOptions | undefined;
    readonly locality?: Locality | undefined;
    readonly quorum?: Quorum | undefined;
    readonly concurrencyLimit?: ConcurrencyLimit | undefined;
}
export declare const clusterSchema: v.GenericSchema<unknown, ResolvedClusterOptions>;
export {};

// dist/dispatch/cluster.d.ts
/**
 * A cluster as its users see it: a named set of endpoints with its policy, and the ways to send something to one of them.
 */
import type { Dispatcher } from 'undici';
import type { Explanation } from '../cluster/explanation.ts';
import type { Endpoint, EndpointOptions, PickContext } from '../endpoint.ts';
import type { HealthReason } from '../health/reasons.ts';
import type { Outcome } from '../outcome.ts';
import type { ClusterResponse, ExecuteOptions, RequestOptions } from './call.ts';
import type { Exchange, ExchangeRequest, ResponseSink } from './sink.ts';
/** Rare changes, one event each. What happens per request is on the diagnostics channels instead. */
export interface ClusterEvents {
    added: [endpoint: Endpoint];
    removed: [endpoint: Endpoint];
    /** The endpoint may be picked (again). */
    pickable: [endpoint: Endpoint];
    /** The endpoint may no longer be picked. */
    unpickable: [endpoint: Endpoint, reason: HealthReason];
    /** True: too few endpoints are pickable, so health is ignored. False: that is over. */
    panic: [isPanicking: boolean];
    /** The endpoint should have been ejected, but too many are already, or it is the last one that is well. */
    spared: [endpoint: Endpoint];
    /** False: less is well than `quorum` asks for. True: enough again. */
    quorum: [hasQuorum: boolean];
    /** The resolver of `endpoints` found a good set of so many members, whether or not it is another one. */
    resolved: [count: number];
    /** It failed, or what it found is no good set. The last good one stands. */
    resolveFailed: [error: Error];
}
/** How to drain an endpoint. */
export interface DrainOptions {
    /** ms until what is still in flight is cut, 0..2^31-1. @default 30_000 */
    readonly deadlineMs?: number;
    /**
     * ms for which requests that stick to the endpoint still go there, 0..`deadlineMs`. With 0 each session moves with its next
     * request, which is quick, and right wherever the endpoints share their sessions. @default two thirds of `deadlineMs`
     */
    readonly keepSessionsMs?: number;
}
/** How to close a cluster. */
export interface CloseOptions {
    /** ms until what is still in flight is cut, 0..2^31-1. @default 30_000 */
    readonly deadlineMs?: number;
}
/** A named set of endpoints and its policy. */
export interface Cluster extends AsyncDisposable {
    readonly name: string;
    readonly endpoints: readonly Endpoint[];
    /** How many endpoints may be picked now. A pure question. */
    readonly pickable: number;
    /**
     * Resolves when there are endpoints: at once for a list, with the first good set of a resolver. Holds the process meanwhile.
     * @throws CLOSED if the cluster closes first
     */
    ready(): Promise<void>;
    /**
     * Replaces the set. What was learned about endpoints that stay is kept; those that go finish what they have begun.
     * @throws INVALID_OPTIONS, also if the endpoints come from a resolver
     */
    update(endpoints: readonly (string | EndpointOptions)[]): void;
    /**
     * Gives the endpoint no new work; resolves when it has none left and its connections are closed, at the latest at the deadline.
     * It stays a member, and out of use, until `enable` or `update`.
     * @throws INVALID_OPTIONS for an id that is not a member's
     */
    drain(id: string, options?: DrainOptions): Promise<void>;
    /** Takes the endpoint out at once, sticky requests included. What is under way goes on. @throws INVALID_OPTIONS */
    disable(id: string): void;
    /** Undoes `drain` and `disable`. @throws INVALID_OPTIONS */
    enable(id: string): void;
    /** The endpoint with this route, whether it may be picked or not. O(1). */
    endpointOfRoute(route: string): Endpoint | undefined;
    /** Sends one request and reads the answer's head. A response of any status resolves. */
    request(options: RequestOptions | string): Promise<ClusterResponse>;
    /** The standard's shape over `request`. The authority of `input`, if it has one, becomes the `Host` field and is never dialled. */
    fetch(input: string | URL, init?: RequestInit): Promise<Response>;
    /** Runs `call` with an endpoint for any protocol: gRPC, SQL, anything that takes an address. */
    execute<T>(call: (endpoint: Endpoint, signal: AbortSignal) => Promise<T>, options?: ExecuteOptions<T>): Promise<T>;
    /** An undici dispatcher over this cluster; the origin that a caller names is not used. */
    dispatcher(): Dispatcher;
    /** The seam under all of these: one exchange, its answer into a sink. The sink always gets its last call. */
    exchange(request: ExchangeRequest, sink: ResponseSink): Exchange;
    /** Chooses an endpoint. Moves the cursor: call it once per attempt. Undefined if there is none. */
    pick(context: PickContext): Endpoint | undefined;
    /** An attempt starts: in flight + 1. */
    begin(endpoint: Endpoint, now: number): void;
    /**
     * How it went: exactly once per `begin`, this or `reportLate`, at the response head or at the failure.
     * @param stalledMs for how much of the time this process was too busy to notice an answer; not held against the endpoint. @default 0
     */
    report(endpoint: Endpoint, outcome: Outcome, startedAt: number, now: number, stalledMs?: number): void;
    /**
     * In place of `report`, for an attempt that was given up because one begun later was faster, as with a hedge: it would have taken at
     * least that long. `cancelled` would say nothing about the endpoint, and a stuck one would look well.
     * @param stalledMs as for `report`. @default 0
     */
    reportLate(endpoint: Endpoint, startedAt: number, now: number, stalledMs?: number): void;
    /** The body was cut short after a head that was reported: one more failure, but no new latency. */
    reportCut(endpoint: Endpoint, now: number): void;
    /** What the endpoint said about itself: a value of `endpoint-load-metrics`. `request` and the like do this themselves. */
    reportLoad(endpoint: Endpoint, value: string, now: number): void;
    /** Why a pick with this context would go where it would. Moves nothing; O(n), for people. */
    explain(context: PickContext): Explanation;
    /** The attempt is over, its body too: in flight - 1. Exactly once per `begin`. */
    end(endpoint: Endpoint): void;
    on<K extends keyof ClusterEvents>(event: K, listener: (...args: ClusterEvents[K]) => void): this;
    off<K extends keyof ClusterEvents>(event: K, listener: (...args: ClusterEvents[K]) => void): this;
    /**
     * Takes no new requests, refuses those that wait in the queue, lets those under way finish, and closes all connections.
     * @throws INVALID_OPTIONS
     */
    close(options?: CloseOptions): Promise<void>;
}

// dist/dispatch/create-cluster.d.ts
import type { Cluster } from './cluster.ts';
import type { ClusterOptions } from './cluster-options.ts';
/**
 * Creates a cluster. It opens no connection before the first request.
 * @throws INVALID_OPTIONS
 */
export declare function createCluster(options: ClusterOptions): Cluster;

// dist/dispatch/deadline.d.ts
/**
 * How long a request may take, told to whoever works on it: the milliseconds that are left travel in a header field, so that nobody
 * works for a caller who has stopped waiting. HTTP has no field for it; the one used here is Envoy's.
 * @see https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter#x-envoy-expected-rq-timeout-ms
 */
import type { UpstreamRequest } from '../transport/transport.ts';
/** The field that carries the milliseconds left, unless an option names another one. */
export declare const DEADLINE_FIELD = "x-envoy-expected-rq-timeout-ms";
/** What Node's timers can do, 24 days. Whoever allows more does not mean a limit. */
export declare const MAX_TIMER_MS: number;
/**
 * The milliseconds that a request says are left for it, to be passed on as `deadlineMs`; undefined if it does not say, or nothing that
 * makes sense. Whoever sends the request can shorten its time by this and never lengthen it beyond 24 days: take the lesser of it and
 * your own.
 * @param headers a request's fields by their lower-case names, such as `req.headers`
 * @param field @default 'x-envoy-expected-rq-timeout-ms'
 */
export declare function deadlineOf(headers: Readonly<Record<string, string | readonly string[] | undefined>>, field?: string): number | undefined;
/** The request as one attempt sends it: whatever it said about its time replaced by what is left. O(fields) */
export declare function withDeadline(request: UpstreamRequest, field: string, leftMs: number): UpstreamRequest;

// dist/dispatch/exchange-request.d.ts
import type { HeaderFields, RequestOptions } from './call.ts';
import type { ExchangeRequest } from './sink.ts';
/** True for the methods that RFC 9110 section 9.2.2 calls idempotent. */
export declare function isIdempotentMethod(method: string): boolean;
/** @throws BAD_REQUEST for a path that is not in origin-form, and for options that are not what they should be */
export declare function exchangeRequestOf(options: RequestOptions): ExchangeRequest;
/** Name, value, name, value. */
export declare function flatHeaders(fields: HeaderFields | undefined): string[];

// dist/dispatch/fallback.d.ts
import { BalancerError } from '../errors.ts';
import type { HeaderFields } from './call.ts';
import type { ExchangeRequest, ResponseSink } from './sink.ts';
/** An answer in place of an endpoint's. */
export interface FallbackResponse {
    /** 200..599. */
    readonly status: number;
    /** `content-length` is added where it is missing, and `content-type: text/plain` for a string without one. */
    readonly headers?: HeaderFields;
    /** Left out for HEAD, 204 and 304. */
    readonly body?: string | Uint8Array;
}
/**
 * Makes up for a failed exchange: a cached page, an empty list, a polite 503. Called with what the caller would get; undefined lets it
 * get that. Must not wait, and had better not throw: then the caller gets the error, with both causes.
 */
export type Fallback = (error: BalancerError, request: ExchangeRequest) => FallbackResponse | undefined;
/** The answer as a sink takes it. */
export interface FallbackAnswer {
    readonly status: number;
    readonly statusText: string;
    readonly headers: readonly string[];
    readonly body: Buffer | undefined;
}
/** What becomes of a failed exchange: an answer, the error as it is, or the same with what went wrong with the fallback too. */
export declare function answerInstead(fallback: Fallback, error: BalancerError, request: ExchangeRequest): FallbackAnswer | BalancerError;
/** Hands the head and body over. @returns whether the end may follow: false if the sink has given up meanwhile */
export declare function sendAnswer({ status, statusText, headers, body }: FallbackAnswer, sink: ResponseSink, exchange: {
    readonly isOver: boolean;
}): boolean;

// dist/dispatch/load-meter.d.ts
import type { Clock } from '../lib/clock.ts';
import type { LoadFigures } from '../load-report.ts';
import type { LoopTimes } from './loop-meter.ts';
/** How a server measures itself. */
export interface LoadMeterOptions {
    /**
     * Requests in flight that this server is made for, 1..1_000_000. For servers that wait more than they work, whose event loop says little
     * about how much more they can take. @default only the event loop counts
     */
    readonly maxInflight?: number;
    /** ms over which rates are counted and latencies kept, 100..600_000. @default 5_000 */
    readonly windowMs?: number;
    /** @default the machine's */
    readonly clock?: Clock;
}
/** Counts a server's requests and says how it is. */
export interface LoadMeter {
    /** Requests begun and not ended. */
    readonly inflight: number;
    /** A request arrives. Returns its ticket for the calls below; it is worth nothing after `end`. O(1). */
    begin(): number;
    /** Its response head leaves, so it waits no longer: what came before is its latency. Calls after the first do nothing. O(1). */
    headSent(ticket: number): void;
    /** It is over, body included. @param isError the server failed to serve it. @default false */
    end(ticket: number, isError?: boolean): void;
    /** A value of `endpoint-load-metrics`, about 100 bytes. The requests in flight are as of now, the rest is up to 5 ms old. */
    header(): string;
    /** The same as numbers, all as of now. */
    figures(): LoadFigures;
    /** From now on every report says that this server is about to stop. */
    drain(): void;
    /** Ends the background tick; reports then tell nothing new of the event loop. */
    close(): void;
}
type Resolved = Required<LoadMeterOptions>;
/** Starts to measure this process. @throws INVALID_OPTIONS */
export declare function loadMeter(options?: LoadMeterOptions): LoadMeter;
/** The same over event loop times of one's own. */
export declare function createLoadMeter(options: Resolved, times?: () => LoopTimes): LoadMeter;
export {};

// dist/dispatch/load-reporter.d.ts
/**
 * Puts what a `LoadMeter` measures on every response of a `node:http` server, below any framework: all ways of answering end in
 * `writeHead`, so a head is stamped at the moment it is written, whoever writes it.
 */
import type { ServerResponse } from 'node:http';
import type { LoadMeter } from './load-meter.ts';
/** What is measured, and who is told. */
export interface LoadReporterOptions<Request> {
    /** Share one among all servers of a process. @default a meter of its own, which lives as long as the process */
    readonly meter?: LoadMeter;
    /**
     * Who may see the figures: balancers of one's own. Others are counted and told nothing. Asked once per request, when it arrives.
     * @default everybody
     */
    readonly isTrusted?: (request: Request) => boolean;
}
/** Counts a request and stamps its response; called once for each, before anything is written. */
export type LoadReporter<Request> = (request: Request, res: ServerResponse) => void;
/**
 * What `reportLoad()` of the adapters is made of, and all that a plain `node:http` server needs.
 * @param where the public function whose argument `options` is
 * @throws INVALID_OPTIONS
 */
export declare function loadReporter<Request>(options?: LoadReporterOptions<Request>, where?: string): LoadReporter<Request>;

// dist/dispatch/loop-meter.d.ts
import type { Clock } from '../lib/clock.ts';
/** What the event loop has done since it started, in ms. */
export interface LoopTimes {
    readonly idle: number;
    readonly active: number;
}
/** How busy the event loop is and how late it runs timers, from a background tick while somebody wants to know. */
export declare class LoopMeter {
    #private;
    /** Share of the last second or so in which the loop was not idle, 0..1. */
    utilization: number;
    constructor(clock: Clock, times?: () => LoopTimes);
    /** How late timers run, in ms as of `now`: at once as late as the latest, less as time goes by without. */
    delayAt(now: number): number;
    /** Has the figures kept up to date for a while. */
    use(now: number): void;
    /** For good: whatever is asked or counted later does not start the tick again. */
    close(): void;
}

// dist/dispatch/membership-options.d.ts
/**
 * Options about who is a member and gets how much: zones and quorum.
 */
import type { Quorum } from '../cluster/snapshot.ts';
import type { Locality } from '../cluster/tiers.ts';
import { v } from '../options.ts';
/** Where the caller is, and how callers are spread over zones. */
export interface LocalityOptions {
    /** The zone of this process, as in `EndpointOptions.zone`. */
    readonly zone: string;
    /** How many callers such as this one run in each zone, 0..1_000_000. @default as many in each zone that has endpoints */
    readonly callers?: Readonly<Record<string, number>>;
    /** With fewer endpoints in the first priority level zones do not matter, 1..1_000_000. @default 6 (Envoy's) */
    readonly minEndpoints?: number;
}
/** keepalived's quorum: without it the endpoints with `isFallback` serve, if there are any, and the event `quorum` says so. */
export interface QuorumOptions {
    /** The sum of the weights of well endpoints that is enough, 0..2^31. */
    readonly weight: number;
    /** It is lost below `weight - hysteresis` and regained at `weight + hysteresis`, 0..`weight`. @default 0 */
    readonly hysteresis?: number;
}
export declare const localitySchema: v.GenericSchema<unknown, Locality>;
export declare const quorumSchema: v.GenericSchema<unknown, Quorum>;

// dist/dispatch/recorder.d.ts
import type { HealthReason } from '../health/reasons.ts';
import type { Clock } from '../lib/clock.ts';
import type { Outcome } from '../outcome.ts';
import type { Cluster } from './cluster.ts';
/** An endpoint as a trace names it. */
export interface TraceEndpoint {
    readonly id: string;
    readonly weight: number;
    readonly priority: number;
    readonly zone?: string;
}
/** One fact of a trace. `at` is in ms since the recording began. */
export type TraceLine = 
/** The first line. */
{
    readonly kind: 'header';
    readonly version: 1;
    readonly cluster: string;
    readonly strategy: string;
}
/** All endpoints from now on. */
 | {
    readonly kind: 'members';
    readonly at: number;
    readonly endpoints: readonly TraceEndpoint[];
}
/** A request came. */
 | {
    readonly kind: 'arrival';
    readonly at: number;
}
/** An attempt that began at `at` ended: with its response head, or without one. */
 | {
    readonly kind: 'attempt';
    readonly at: number;
    readonly endpoint: string;
    readonly ms: number;
    readonly outcome: Outcome;
    /** 0 for the first try. */
    readonly attempt: number;
    readonly isHedge: boolean;
    /** What else the endpoint had in flight, of this cluster, when it began. */
    readonly inflight: number;
}
/** A request is over, `ms` after it came, its body too; `code` is the error it failed with. */
 | {
    readonly kind: 'exchange';
    readonly at: number;
    readonly ms: number;
    readonly attempts: number;
    readonly code?: string;
}
/** An endpoint may no longer be picked, or may be again. */
 | {
    readonly kind: 'health';
    readonly at: number;
    readonly endpoint: string;
    readonly reason?: HealthReason;
}
/** Health is ignored from now on, or counts again. */
 | {
    readonly kind: 'panic';
    readonly at: number;
    readonly isPanicking: boolean;
};
/** How to record. */
export interface RecordOptions {
    /** Where the times are from; best the cluster's own. @default the machine's monotonic clock */
    readonly clock?: Clock;
}
/**
 * Records what the cluster does from now on. Attempts that were under way before are left out.
 * @param write takes one line of JSON without its line break; called synchronously, so keep it short and let it not throw
 * @returns stops the recording
 */
export declare function recordTrace(cluster: Cluster, write: (line: string) => void, options?: RecordOptions): () => void;

// dist/dispatch/request-options.d.ts
/**
 * The options of a cluster that say how its requests are sent: how long they may take, when one gets company, how many connections
 * there are, and what is answered when all fails.
 */
import type { HedgePolicy } from '../retry/hedge-policy.ts';
import { v } from '../options.ts';
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
} & {
    readonly deadlineField: string | false;
};
type Entries = {
    [K in keyof Required<RequestPolicyOptions>]: v.GenericSchema<unknown, ResolvedRequestPolicies[K]>;
};
/** To be spread into a cluster's schema. */
export declare const requestPolicyEntries: Entries;
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
export declare function requestPolicies(options: ResolvedRequestPolicies): RequestPolicies;
/** How many attempts an endpoint may have: what its connections and those who wait for one allow, if that is less. */
export declare function inflightLimit(maxInflight: number, { maxConnections, maxPending }: Pick<ResolvedRequestPolicies, 'maxConnections' | 'maxPending'>): number;
export {};

// dist/dispatch/sink.d.ts
/**
 * What the caller of an exchange hands in and gets back: a sink for the response, and a handle on its way.
 */
import type { Duplex } from 'node:stream';
import type { Endpoint } from '../endpoint.ts';
import type { BalancerError } from '../errors.ts';
import type { RawHeaders, UpstreamRequest } from '../transport/transport.ts';
import type { Priority } from './wait-queue.ts';
/** Takes one response. The calls come in this order; exactly one of `onEnd`, `onError` and `onUpgrade` ends it. None may throw. */
export interface ResponseSink {
    /** An interim response (RFC 9110 section 15.2), such as 100 or 103; any number of them, also of attempts that fail afterwards. */
    onInterim?(status: number, headers: RawHeaders): void;
    /**
     * The final response head: the exchange is now committed to `endpoint` and will not be retried.
     * @param headers the fields as the endpoint sent them, connection-level ones included
     * @param endpoint undefined if it is the cluster's `fallback` that answers
     */
    onHead(status: number, statusText: string, headers: RawHeaders, endpoint: Endpoint | undefined): void;
    /** @returns false to pause the endpoint's connection until `exchange.resume()` */
    onData(chunk: Buffer): boolean;
    /**
     * Asked at the response head, after `onHead`. True to take the pieces of the body on loan, which saves a copy of each: a `chunk` may be
     * overwritten when `onData` returns; if that returned false, when the exchange is resumed. @default false
     */
    readonly takesLoans?: boolean;
    /** Asked before the request is sent. True if pieces of a body are forgotten soon, so that they may share memory. @default false */
    readonly isTransient?: boolean;
    /** @param trailers the fields after the body, name, value, name, value */
    onEnd(trailers: RawHeaders): void;
    /**
     * The endpoint has changed protocols, which only a request with `upgrade` asks for. From here on `socket` is the sink's: to read, to
     * write, to listen to for errors, and to end. The request counts as in flight until it has closed.
     */
    onUpgrade?(headers: RawHeaders, socket: Duplex, endpoint: Endpoint): void;
    /**
     * After `onUpgrade`: the endpoint's drain, or the closing of the cluster, is at its deadline, and the connection has to end now, in
     * whatever way its protocol has for that. Without this method it is destroyed.
     */
    onCut?(): void;
    /** Before `onHead`: no response came, or none that may be passed on. After it: the response was cut short. */
    onError(error: BalancerError): void;
}
/** A request that is to go to one endpoint of a cluster, or to another if that one fails. */
export interface ExchangeRequest extends UpstreamRequest {
    /** May be sent twice without harm. Methods that RFC 9110 section 9.2.2 calls idempotent, or the caller's promise. */
    readonly isIdempotent: boolean;
    /** A hash of what the request hangs on; 0 if nothing. */
    readonly key: number;
    /** The route that the request sticks to. */
    readonly preferred: string | undefined;
    /** The client will come back to the endpoint that answers, so a drain gives it time to. @default false */
    readonly isSticky?: boolean;
    /** Only the endpoint of `preferred` will do: without it the exchange fails with NO_ENDPOINT. @default false */
    readonly isStrict?: boolean;
    /** As in `PickContext`. @default Infinity */
    readonly maxLoadRatio?: number | undefined;
    /** ms until the whole exchange has to be over, its body too; Infinity for no limit. @default the cluster's */
    readonly deadlineMs?: number | undefined;
    /** ms that each attempt has until its response head. @default the cluster's */
    readonly attemptTimeoutMs?: number | undefined;
    /** How urgent it is if it has to wait for room. @default 'normal' */
    readonly priority?: Priority | undefined;
    /** False to never send it to a second endpoint beside the first. @default true, if the cluster has a `hedge` policy */
    readonly hedge?: boolean | undefined;
}
/** A request on its way: one stable handle over all attempts, so that back-pressure never reaches a dead connection. */
export interface Exchange {
    /**
     * True if another endpoint serves although that of `preferred` is alive: it was full, or declined this one request with a status.
     * Whoever sticks to it should come back to it. Settled when `onHead` is called.
     */
    readonly isDetour: boolean;
    pause(): void;
    resume(): void;
    /**
     * Gives up. If the exchange is not over, `onError` follows at once with CANCELLED; nothing is counted against the endpoint. After
     * `onUpgrade` it destroys the connection, and nothing follows.
     */
    abort(reason?: unknown): void;
}

// dist/dispatch/wait-queue.d.ts
/**
 * Exchanges that wait because every endpoint is at its limit: the more urgent first, first come, first served among equals, bounded
 * in number and in time. When it is full, a newcomer takes the place of the youngest of the least urgent that are less urgent than itself: who
 * has waited longest has paid most. Nothing but its own time-out protects the least urgent from the others, which is what they are for.
 */
import type { Clock } from '../lib/clock.ts';
/** How urgent a request is while it waits for room. It has no say over where the request goes, or over what is under way. */
export type Priority = 'high' | 'normal' | 'low';
/** Something that can be started later, or told that it never will be. */
export interface Waiter {
    /** There is room somewhere. @returns whether it was of use; if not, and unless it has left the queue, the waiter keeps its place */
    admit(): boolean;
    /** The wait was too long, or somebody more urgent has taken the place. */
    refuse(): void;
}
/** True for what `Priority` lists. */
export declare function isPriority(value: unknown): value is Priority;
export declare class WaitQueue {
    /** How many wait. */
    size: number;
    private readonly clock;
    private readonly maxQueued;
    private readonly timeoutMs;
    private readonly isElastic;
    private readonly lines;
    private rooms;
    /** @param isElastic limits may rise meanwhile, so that where one goes out more than one may go in */
    constructor(clock: Clock, maxQueued: number, timeoutMs: number, isElastic?: boolean);
    /** How long the one that has waited longest has waited by `now`, in ms; 0 if nobody waits. O(1) */
    oldestWaitMs(now: number): number;
    /** @returns false if the queue is full of waiters that are as urgent or more. O(1) */
    add(waiter: Waiter, priority?: Priority): boolean;
    remove(waiter: Waiter): void;
    /**
     * Lets in the first one that can use the room. One that fails at once makes room again within this call; the loop, not recursion,
     * serves the next.
     */
    admitOne(): void;
    /** More endpoints may be picked than before: whoever can use that goes in. */
    admitAll(): void;
    /** Refuses all. */
    clear(): void;
    /** On its own, since there is hardly ever somebody waiting and this is asked at the end of every attempt. */
    private admitNext;
    private offer;
    private first;
    private all;
    private youngestBelow;
    private enter;
    private leave;
}

// dist/endpoint.d.ts
import type { LoadReport } from './load-report.ts';
import { v } from './options.ts';
/** What is known of an endpoint from its options alone, defaults filled in. */
export interface ResolvedEndpoint {
    /** Unique in its cluster; the endpoint's identity across updates. */
    readonly id: string;
    /** Scheme, host and port, such as `http://10.0.0.1:3000`. */
    readonly origin: string;
    /** The Unix socket to connect to in place of the origin's address; undefined for none. */
    readonly socketPath: string | undefined;
    /** Share of the load relative to the others; an integer in 1..65535. */
    readonly weight: number;
    /** 0 is used first; higher numbers only while too few endpoints of the lower ones are well. */
    readonly priority: number;
    /** Where it runs, such as `eu-1a`; undefined if unknown. */
    readonly zone: string | undefined;
    /** About to go: serves what sticks to it and nothing new. */
    readonly isDraining: boolean;
    /** Serves only while no other endpoint may be picked. */
    readonly isFallback: boolean;
    readonly tags: Readonly<Record<string, string>>;
    /** The opaque tag that a sticky cookie carries for this endpoint; never an address. */
    readonly route: string;
    /** True if the user named the route, so that the endpoint itself may put it into its cookies. */
    readonly isRouteNamed: boolean;
}
/** One address that can be sent to: a read-only view. What was learned about it belongs to the cluster. */
export interface Endpoint extends ResolvedEndpoint {
    /**
     * Share of the load relative to the others as of the last rebuild, above 0 and not always whole: what the options say, times what an
     * agent says, less while it starts slowly.
     */
    readonly weight: number;
    /** Attempts begun and not yet over, bodies included. */
    readonly inflight: number;
    /**
     * What a request has to expect until its response head, in ms, as of `now`: a peak-sensitive moving average, more where requests have
     * failed of late. 0 if nothing was seen yet.
     */
    latencyAt(now: number): number;
    /** Mean age in ms of the attempts that still wait for their response head; 0 if none does. */
    waitingAgeAt(now: number): number;
    /**
     * The greater of the two in whole microseconds, in steps of about 20 %, so that endpoints that are nearly equal are equal; 0 if its
     * latency is not known. Looked at again at every outcome, and otherwise when it may have changed by a step. What strategies
     * compare. O(1), allocates nothing.
     */
    expectedUsAt(now: number): number;
    /** What it last said about itself; undefined if it never did. */
    readonly report: LoadReport | undefined;
    /** How many of its reports could not be used: not ORCA, or not a number in range anywhere. */
    readonly ignoredReports: number;
}
/** What a strategy is told about one attempt. */
export interface PickContext {
    /** Milliseconds on the cluster's clock. */
    readonly now: number;
    /** A 32-bit hash of what the request hangs on (session id, client address); 0 if nothing. */
    readonly key: number;
    /** 0 for the first try, 1 for the first retry, and so on. */
    readonly attempt: number;
    /**
     * The route of the endpoint that the request sticks to; `ROUTE_OF_KEY` for whoever the key belongs to. Honoured before any strategy is
     * asked.
     */
    readonly preferred: string | undefined;
    /**
     * How many times its share of what is in flight that endpoint may have with this request; above that, this one request goes
     * elsewhere. @default Infinity
     */
    readonly maxLoadRatio?: number | undefined;
    /** Only the endpoint of `preferred` will do. @default false */
    readonly isStrict?: boolean;
    /** Endpoints that this request has tried already. */
    readonly tried: readonly Endpoint[] | undefined;
    /** A failure of this attempt can be made up for by another, so an endpoint may be tried out on it. @default true */
    readonly isRetryable?: boolean;
}
/** What a user writes to name an endpoint; a string is short for `{ url }`. */
export interface EndpointOptions {
    /** Scheme `http:` or `https:`, host, and port if it is not the scheme's own. No path, query, fragment or credentials. */
    readonly url: string;
    /**
     * A Unix socket to connect to in place of the address in `url`, which still says whether to speak TLS and what the `Host` is: an absolute
     * path, or one that starts with a NUL for Linux' abstract sockets. @default none
     */
    readonly socketPath?: string | undefined;
    /** @default the origin of `url`, or its `socketPath` */
    readonly id?: string | undefined;
    /** Integer in 1..65535. @default 1 */
    readonly weight?: number | undefined;
    /** Integer in 0..255; 0 is used first, the next one while too few endpoints of it are well. @default 0 */
    readonly priority?: number | undefined;
    /** Where it runs, such as `eu-1a`. @default unknown */
    readonly zone?: string | undefined;
    /** About to go: serves what sticks to it and nothing new. For whoever tells the cluster of its endpoints. @default false */
    readonly isDraining?: boolean | undefined;
    /** A sorry server: serves only while no other endpoint may be picked. @default false */
    readonly isFallback?: boolean | undefined;
    /** For strategies and event listeners of your own. @default {} */
    readonly tags?: Readonly<Record<string, string>> | undefined;
    /** 1 to 64 characters of `[A-Za-z0-9_-]`, unique in the cluster. Set it to a Tomcat's `jvmRoute`. @default a hash of `id` */
    readonly route?: string | undefined;
}
/** The schema of one endpoint; accepts a URL alone. */
export declare const endpointSchema: v.GenericSchema<string | EndpointOptions, ResolvedEndpoint>;
/** The schema of a whole set: at least one, no id and no route twice. */
export declare const endpointsSchema: v.GenericSchema<readonly (string | EndpointOptions)[], ResolvedEndpoint[]>;

// dist/errors.d.ts
/**
 * The one error class of all `@evenkeel/*` packages and its closed set of codes. A new code is one row in `STATUS_OF`.
 */
/** The HTTP status that each error becomes where it ends an exchange. */
export declare const STATUS_OF: {
    /** An option has a wrong value, or is not known. */
    readonly INVALID_OPTIONS: 500;
    /** No endpoint of the cluster may be picked. */
    readonly NO_ENDPOINT: 503;
    /** Every endpoint is at its limit and the queue is full, or the wait in it was too long. */
    readonly OVERLOADED: 503;
    /** The cluster is closed. */
    readonly CLOSED: 503;
    /** No connection to the endpoint came about. Nothing was sent. */
    readonly CONNECT_FAILED: 502;
    /** No connection to the endpoint within `connectTimeoutMs`. Nothing was sent. */
    readonly CONNECT_TIMEOUT: 504;
    /** The endpoint sent no response head within `headTimeoutMs` or `attemptTimeoutMs`. */
    readonly HEAD_TIMEOUT: 504;
    /** The endpoint sent no body byte for `bodyTimeoutMs`. */
    readonly BODY_TIMEOUT: 504;
    /** The request was not over within its `deadlineMs`, all its attempts and waits included. */
    readonly DEADLINE_EXCEEDED: 504;
    /** The endpoint ended the connection before the response was whole. */
    readonly UPSTREAM_RESET: 502;
    /** The endpoint's response is not valid HTTP, or not one that may be passed on. */
    readonly BAD_RESPONSE: 502;
    /** The caller gave up: its signal was aborted, or the downstream connection closed. */
    readonly CANCELLED: 499;
    /** The request cannot be passed on: a malformed target, a body that contradicts its announced length. */
    readonly BAD_REQUEST: 400;
    /** The request body was read before it reached the proxy, so that it cannot be passed on: a mistake in the application. */
    readonly BODY_CONSUMED: 500;
    /** The request body is larger than the limit. */
    readonly BODY_TOO_LARGE: 413;
    /** The request head is larger than the limit. */
    readonly HEAD_TOO_LARGE: 431;
    /** The request has passed this proxy before. */
    readonly LOOP_DETECTED: 508;
    /** The proxy does not do what the request asks for. */
    readonly NOT_SUPPORTED: 501;
    /** A session field's name or value cannot be stored. */
    readonly SESSION_FIELD: 500;
    /** The session was destroyed by another request while this one was running, and its changes were not stored. */
    readonly SESSION_GONE: 409;
    /** Other requests changed the session field each time before this one could. */
    readonly SESSION_CONFLICT: 409;
    /** The session store did not answer, or refused. */
    readonly SESSION_STORE: 503;
    /** The session store holds something under the session's key that this library did not write. */
    readonly SESSION_CORRUPT: 500;
};
/** What went wrong, as one of a closed set. */
export type ErrorCode = keyof typeof STATUS_OF;
/** One try of a request that failed: where, and how. */
export interface FailedAttempt {
    readonly endpoint: string;
    readonly code: ErrorCode | undefined;
    readonly status: number | undefined;
}
/** What an error may carry beside its code and message. */
export interface BalancerErrorOptions {
    readonly cause?: unknown;
    readonly attempts?: readonly FailedAttempt[];
    /** Seconds after which it makes sense to come back; becomes `Retry-After`. */
    readonly retryAfterSeconds?: number;
}
/** Every error that an `@evenkeel/*` package throws or rejects with. Tell kinds apart by `code`. */
export declare class BalancerError extends Error {
    readonly name = "BalancerError";
    readonly code: ErrorCode;
    /** The HTTP status this becomes. Express and Koa read it. */
    readonly status: number;
    /** The failed tries, oldest first; empty if there was none. */
    readonly attempts: readonly FailedAttempt[];
    readonly retryAfterSeconds: number | undefined;
    constructor(code: ErrorCode, message: string, options?: BalancerErrorOptions);
}
/** True for a `BalancerError` of this or any other copy of the library. */
export declare function isBalancerError(value: unknown): value is BalancerError;

// dist/health/agent-probe.d.ts
import type { Probe, ProbeTiming } from './probe.ts';
/** Where the agent is, what it is sent, and when. An agent's word counts at once, so there is no `rise` and no `fall`. */
export interface AgentProbeOptions extends Pick<Partial<ProbeTiming>, 'intervalMs' | 'spreadPercent' | 'timeoutMs'> {
    /** The agent's port on the endpoint's host, 1..65535. */
    readonly port: number;
    /** What the agent is sent first, with its line feed if it wants one; at most 1,024 characters. @default nothing */
    readonly send?: string;
}
/**
 * Does what the agent says. The words, in any order and case, are separated by blanks, tabs or commas; of several of a kind the
 * last one counts, and unknown ones are passed over:
 *
 * - `75%`: that share of the configured weight, at most 1000 %; `0%` is nothing new, but what sticks to the endpoint goes on.
 *   `weight:75` says the same; HAProxy has no such word.
 * - `drain`: nothing new, but what sticks to the endpoint goes on. `maint`: out of use. `ready` undoes both.
 * - `down`, `fail`, `failed`, `stopped`: out of use. `up` undoes these.
 * - `maxconn:30` is understood and ignored: how much an endpoint is given at a time is for `maxInflight` and the cluster's
 *   concurrency limit, which finds it by measuring. HAProxy's figure is per load balancer, and no agent knows how many
 *   processes share an endpoint here.
 *
 * What comes after a `#` is for people.
 * @throws INVALID_OPTIONS
 */
export declare function agentProbe(options: AgentProbeOptions): Probe;

// dist/health/any-of.d.ts
import type { EjectionPolicy } from './ejection.ts';
/** Ejects when one of `policies` does, for the longest time. @throws INVALID_OPTIONS */
export declare function anyOf(...policies: readonly EjectionPolicy[]): EjectionPolicy;

// dist/health/command-probe.d.ts
import type { Probe, ProbeTiming } from './probe.ts';
/** What to run, how to read its exit status, and when. */
export interface CommandProbeOptions extends Partial<ProbeTiming> {
    /**
     * The program, by its name on `PATH` or its path, and its arguments. No shell reads them. The program is told of the endpoint
     * by the environment variables `EVENKEEL_ENDPOINT_HOST`, `EVENKEEL_ENDPOINT_PORT` and `EVENKEEL_ENDPOINT_ID`.
     */
    readonly command: readonly [file: string, ...args: string[]];
    /** Further environment variables. Of this process's own the program gets `PATH` and nothing else, secrets least of all. @default {} */
    readonly env?: Readonly<Record<string, string>>;
    /**
     * How the exit status is read. False: 0 passes, anything else fails. True: as with keepalived's `misc_dynamic`, 0 passes and
     * leaves the weight as it is, 1 fails, and 2..255 pass with a weight of two less than the status, of which `fullWeight` is
     * the configured one. A weight of 0 keeps new work away, and not what sticks to the endpoint. @default false
     */
    readonly isDynamic?: boolean;
    /**
     * The weight, 1..253, that stands for all of the endpoint's configured weight. keepalived sets the weight itself; here it is
     * a share, so that a script may serve endpoints of different weights. For a script written for keepalived it is the `weight`
     * of its real servers. With 100 the status is a percentage plus two. The share is at most 10. @default 100
     */
    readonly fullWeight?: number;
}
/** Passes if the program ends within `timeoutMs` with a status that says so. @throws INVALID_OPTIONS */
export declare function commandProbe(options: CommandProbeOptions): Probe;

// dist/health/consecutive-failures.d.ts
import type { EjectionTimes } from './ejection-backoff.ts';
import type { EjectionPolicy } from './ejection.ts';
/** When to eject, and for how long. */
export interface ConsecutiveFailuresOptions extends EjectionTimes {
    /** Failures in a row that eject, 1..1000. @default 5 */
    readonly threshold?: number;
}
/** Ejects after failures in a row. O(1) per attempt. @throws INVALID_OPTIONS */
export declare function consecutiveFailures(options?: ConsecutiveFailuresOptions): EjectionPolicy;

// dist/health/ejection-backoff.d.ts
/**
 * What all ejection policies share: for how long to eject, and how an endpoint comes back. A policy only says when an endpoint is unfit.
 *
 * The k-th ejection in a row lasts between `baseMs * 2^(k-1)` and twice that, chosen at random, and never longer than `maxMs`:
 * an endpoint that does not recover costs ever fewer requests, and the processes of a fleet do not come back to it all at once.
 * An endpoint that returns is on trial: unless the first request sent to it succeeds, it is ejected again, for longer. A 429 fails the
 * trial too: whoever asks for fewer requests is not to be given its full share. The time halves again for each
 * span, as long as the ejection that it makes up for, in which the endpoint stays well: it must be good for as long as it was bad.
 * A single success would be too cheap (an endpoint that fails six times of seven would be ejected for `baseMs` for ever), and
 * starting afresh after one good span would forget a long outage too fast.
 *
 * What was sent before the ejection is not held against the endpoint twice, even if it ends after the return: a request that hangs for
 * 30 s says nothing about an endpoint that came back 10 s ago.
 * @see Finagle's `FailureAccrualFactory.scala` (equal jitter, 5 s to 5 min); Linkerd's circuit breaking (a 429 fails the probe)
 */
import type { Random } from '../lib/random.ts';
import { v } from '../options.ts';
import type { Outcome } from '../outcome.ts';
import type { EjectionTracker } from './ejection.ts';
/** For how long endpoints are ejected. The same for every policy. */
export interface EjectionTimes {
    /** The shortest ejection in ms, 1..2^31-1. @default 5_000 */
    readonly baseMs?: number;
    /** The longest ejection in ms, at least `baseMs`. @default 300_000 */
    readonly maxMs?: number;
}
/** What one policy looks for in one endpoint. */
export interface Detection {
    /**
     * Takes note of an attempt, as `EjectionTracker.observe` does. Allocates nothing.
     * @returns true if the endpoint should be ejected
     */
    isUnfit(outcome: Outcome, now: number, latencyMs: number): boolean;
    /** True while a success would change nothing. @default never */
    readonly isAtRest?: boolean;
    /** Forgets what was seen: the endpoint has paid for it. */
    forget(): void;
    /** Called when the endpoint is no longer a member. */
    removed?(): void;
}
/**
 * Resolves the options of an ejection policy: its own `entries` and the times.
 * @throws INVALID_OPTIONS
 */
export declare function resolveEjection<const E extends v.ObjectEntries>(where: string, entries: E, options: unknown): v.InferOutput<v.StrictObjectSchema<E, undefined>> & Required<EjectionTimes>;
/** Ejects for as long as the header says, whenever a detection finds the endpoint unfit. */
export declare class BackoffTracker implements EjectionTracker {
    #private;
    constructor(times: Required<EjectionTimes>, random: Random, detection: Detection);
    get isAtRest(): boolean;
    observe(outcome: Outcome, now: number, latencyMs: number): number;
    refused(now: number): void;
    restored(now: number): void;
    removed(): void;
}

// dist/health/ejection.d.ts
/**
 * Passive health: judging endpoints by how real attempts ended. A policy is started once per cluster and makes one tracker per
 * endpoint, so that trackers may compare their endpoints; a tracker says for how long to eject. What that does to balancing is the
 * cluster's business: it ejects only as many as its cap allows, and lets a returning endpoint prove itself with one request.
 */
import type { Random } from '../lib/random.ts';
import type { Outcome } from '../outcome.ts';
/** When endpoints are ejected and for how long. */
export interface EjectionPolicy {
    readonly name: string;
    /** The judges of one cluster. */
    start(random: Random): EjectionJudges;
}
/** All judges of one cluster, who may know of one another. */
export interface EjectionJudges {
    /** A fresh judge for one endpoint. */
    track(): EjectionTracker;
}
/** The judge of one endpoint. */
export interface EjectionTracker {
    /**
     * Takes note of an attempt that ended at `now`. `cancelled` never reaches a tracker.
     * @param latencyMs ms from the attempt's start to its response head or failure; -1 for a second judgement of the same attempt, whose
     *   body was cut short
     * @returns for how many ms to eject, or 0 to keep. Allocates nothing.
     */
    observe(outcome: Outcome, now: number, latencyMs: number): number;
    /** True while a success would change nothing, so that nobody need tell of one. @default never */
    readonly isAtRest?: boolean;
    /** Called when nothing came of the ejection that `observe` has just asked for: the endpoint is still in use, and still judged. */
    refused?(now: number): void;
    /**
     * Called when the endpoint may be tried again after an ejection. The first request sent since then decides: unless it succeeds, the
     * endpoint is ejected again, for longer. What was seen before is forgotten.
     */
    restored(now: number): void;
    /** Called when the endpoint is no longer a member. */
    removed?(): void;
}

// dist/health/failure-percentage.d.ts
import type { EjectionTimes } from './ejection-backoff.ts';
import type { EjectionPolicy } from './ejection.ts';
/** When to eject, and for how long. */
export interface FailurePercentageOptions extends EjectionTimes {
    /** Percentage of failed requests from which on an endpoint is unfit, 1..100. @default 85 */
    readonly thresholdPercent?: number;
    /** Requests in the window that it takes to be judged, 1..1_000_000. @default 50 */
    readonly minRequests?: number;
    /** ms that are looked back, 100..2^31-1; the last tenth may be cut off. @default 30_000 */
    readonly windowMs?: number;
}
/** Ejects by the percentage of failures. O(1) amortised per attempt. @throws INVALID_OPTIONS */
export declare function failurePercentage(options?: FailurePercentageOptions): EjectionPolicy;

// dist/health/grpc-health-probe.d.ts
import type { Probe, ProbeTiming } from './probe.ts';
/** Which service to ask for, where, and when. */
export interface GrpcHealthProbeOptions extends Partial<ProbeTiming> {
    /** Such as `shop.Cart`, at most 1,024 characters. @default '', which stands for the server as a whole */
    readonly service?: string;
    /** 1..65535. @default the endpoint's own */
    readonly port?: number;
    /** The `:authority`, and over TLS also the name that is asked for and checked. @default the endpoint's own */
    readonly authority?: string;
}
/** Passes if the answer is `SERVING`. @throws INVALID_OPTIONS */
export declare function grpcHealthProbe(options?: GrpcHealthProbeOptions): Probe;

// dist/health/http-probe.d.ts
import type { Probe, ProbeTiming } from './probe.ts';
/** One status, or a range with both its ends. */
export type StatusRange = number | readonly [from: number, to: number];
/** What to ask, what to expect, and when. */
export interface HttpProbeOptions extends Partial<ProbeTiming> {
    /** Origin-form: starts with `/`. @default '/' */
    readonly path?: string;
    /** @default 'GET' */
    readonly method?: 'GET' | 'HEAD' | 'OPTIONS';
    /** 1..65535, for a page that is served apart. @default the endpoint's own */
    readonly port?: number;
    /** The `Host` field, and over TLS also the name that is asked for and checked. @default the endpoint's own */
    readonly host?: string;
    /** Further fields, none of those that frame a message or concern its connection. @default {} */
    readonly headers?: Readonly<Record<string, string>>;
    /**
     * Statuses that pass, 100..599. By default a redirect passes too, as with HAProxy and Kubernetes: a server that sends you to its
     * login page works. (Envoy wants 200 exactly.) @default [[200, 399]]
     */
    readonly statuses?: readonly StatusRange[];
    /** A part of the body, or a pattern that it matches. @default any body */
    readonly body?: string | RegExp;
    /** How much of the body is read, 0..1_048_576 bytes. @default 16_384 */
    readonly maxBodyBytes?: number;
}
/** Passes if the status is one of `statuses` and the body, if given, is as expected. @throws INVALID_OPTIONS */
export declare function httpProbe(options?: HttpProbeOptions): Probe;

// dist/health/icmp-probe.d.ts
import type { Probe, ProbeTiming } from './probe.ts';
/** With what to ask, and when. */
export interface IcmpProbeOptions extends Partial<ProbeTiming> {
    /**
     * A program that understands `-n -q -c 1 -- <address>`: its name on `PATH`, or its absolute path. On macOS IPv6 addresses
     * need `ping6`.
     * @default 'ping'
     */
    readonly program?: string;
}
/** Passes if an answer to one echo request comes within `timeoutMs`. @throws INVALID_OPTIONS */
export declare function icmpProbe(options?: IcmpProbeOptions): Probe;

// dist/health/latency-outlier.d.ts
import type { EjectionTimes } from './ejection-backoff.ts';
import type { EjectionPolicy } from './ejection.ts';
/** When to eject, and for how long. */
export interface LatencyOutlierOptions extends EjectionTimes {
    /** How many times slower than its peers an endpoint must be, 1.2..1_000. @default 3 */
    readonly factor?: number;
    /** Which percentile of the latencies is compared, 1..99. Higher ones need more requests: 300 for the 99th. @default 50 */
    readonly percentile?: number;
    /** Latency in ms that is never too slow, 0..2^31-1. @default 20 */
    readonly minLatencyMs?: number;
    /** Requests in the window that it takes to be judged or compared with, 3..1_000_000. @default 20 */
    readonly minRequests?: number;
    /** ms that are looked back, 100..2^31-1; the last tenth may be cut off. @default 30_000 */
    readonly windowMs?: number;
}
/**
 * Ejects by latency. O(1) amortised per attempt, and O(n log n) for n endpoints once per second. Takes 8 KB per endpoint.
 * @throws INVALID_OPTIONS
 */
export declare function latencyOutlier(options?: LatencyOutlierOptions): EjectionPolicy;

// dist/health/load-probe.d.ts
import type { Probe, ProbeTiming } from './probe.ts';
/** What to ask, and how old a report may be. */
export interface LoadProbeOptions extends Partial<ProbeTiming> {
    /** Origin-form: starts with `/`. A page that costs nothing, behind `reportLoad()`. @default '/' */
    readonly path?: string;
    /** ms after which to ask for another report, 1..2^31-1. The default keeps it younger than `prequal()` wants it. @default 500 */
    readonly maxAgeMs?: number;
    /** ms between two looks at whether to ask, 10..2^31-1. @default half of `maxAgeMs`, 10 at least */
    readonly intervalMs?: number;
}
/**
 * Passes if the endpoint answers with a status below 500, and takes in its report if it gives one. @throws INVALID_OPTIONS
 */
export declare function loadProbe(options?: LoadProbeOptions): Probe;

// dist/health/probe.d.ts
/**
 * Active health: asking an endpoint whether it is well. A probe says what to ask and when; it reaches the network only through
 * the `ProbeIo` that it is handed.
 */
import type { Endpoint } from '../endpoint.ts';
/** The network and the machine as a probe may use them. Each call rejects if it fails or takes longer than `timeoutMs`. */
export interface ProbeIo {
    /** Opens and closes a TCP connection to the endpoint, on its own port or another. */
    connect(endpoint: Endpoint, timeoutMs: number, port?: number): Promise<void>;
    /** One HTTP request on a connection of its own; the body is cut after `maxBodyBytes`. */
    request(endpoint: Endpoint, request: ProbeRequest, timeoutMs: number): Promise<ProbeResponse>;
    /** Connects, writes `text`, and reads until the first carriage return or line feed, the end, or `maxBytes`. */
    readLine(endpoint: Endpoint, options: ProbeLineOptions, timeoutMs: number): Promise<string>;
    /** Sends one datagram and waits for one back; rejects at once if the port is unreachable. */
    datagram(endpoint: Endpoint, options: ProbeDatagramOptions, timeoutMs: number): Promise<Uint8Array>;
    /**
     * Runs a program without a shell, and kills it and what it started if it takes too long. Rejects if it cannot be started
     * (`code` is `ENOENT` if there is none) or a signal ends it; resolves with its exit status and the start of its output.
     */
    run(command: readonly [file: string, ...args: string[]], options: ProbeRunOptions): Promise<ProbeRunResult>;
    /** One unary gRPC call over HTTP/2, in the clear for `http:` origins; resolves with the response message. */
    grpc(endpoint: Endpoint, call: ProbeGrpcCall, timeoutMs: number): Promise<Uint8Array>;
}
export interface ProbeRequest {
    readonly method: string;
    readonly path: string;
    /** The `Host` field; the endpoint's own if undefined. */
    readonly host: string | undefined;
    readonly maxBodyBytes: number;
    /** Further fields. @default none */
    readonly headers?: Readonly<Record<string, string>>;
    /** @default the endpoint's own */
    readonly port?: number;
}
export interface ProbeResponse {
    readonly status: number;
    readonly body: string;
    /** The value of `endpoint-load-metrics`, if there is one. */
    readonly loadReport?: string | undefined;
}
export interface ProbeLineOptions {
    readonly port: number;
    readonly text: string;
    readonly maxBytes: number;
}
export interface ProbeDatagramOptions {
    readonly port: number;
    readonly payload: Uint8Array;
    /** False if passing means that nothing says the port is unreachable within the timeout. */
    readonly isAnswered: boolean;
}
export interface ProbeRunOptions {
    readonly timeoutMs: number;
    /** All that the program's environment has besides `PATH`. */
    readonly env: Readonly<Record<string, string>>;
    readonly maxOutputBytes: number;
}
export interface ProbeRunResult {
    readonly exitStatus: number;
    readonly output: string;
}
export interface ProbeGrpcCall {
    /** `/package.Service/Method` */
    readonly path: string;
    readonly message: Uint8Array;
    readonly authority: string | undefined;
    /** @default the endpoint's own */
    readonly port?: number;
}
/** What an endpoint, or an agent beside it, says through a probe that passed. What is left out stays as it was. */
export interface ProbeVerdict {
    /** Share of its configured weight that it is to get, 0..10; 0 means nothing new, as `isDraining`. */
    readonly weightRatio?: number;
    /** True: nothing new, but what sticks to it goes on. False: as usual again. */
    readonly isDraining?: boolean;
    /** True: out of use at once, whatever `fall` says. False: well again at once. */
    readonly isDown?: boolean;
    /** A value of `endpoint-load-metrics`. */
    readonly loadReport?: string;
}
/** When to probe. The defaults are HAProxy's (`inter 2s rise 2 fall 3`, `fastinter` here 500 ms). */
export interface ProbeTiming {
    /** ms between two probes of an endpoint, 10..2^31-1; the first comes after a random share of it. @default 2_000 */
    readonly intervalMs: number;
    /** ms between two probes while the state is in doubt. @default 500, or `intervalMs` if that is less */
    readonly fastIntervalMs: number;
    /** ms between two probes of an endpoint that is down. @default `intervalMs` */
    readonly downIntervalMs: number;
    /** How much each interval may be off, at random, in percent of it, 0..50: what started together drifts apart. @default 5 */
    readonly spreadPercent: number;
    /** ms until a probe has failed. @default `intervalMs`, at most 2_000 */
    readonly timeoutMs: number;
    /** Passed probes in a row that make a failed endpoint well, 1..100. @default 2 */
    readonly rise: number;
    /** Failed probes in a row that make an endpoint unfit, 1..100. @default 3 */
    readonly fall: number;
    /**
     * What failing means: `remove` takes the endpoint out, sticky requests included; `inhibit` gives it nothing new (keepalived's
     * `inhibit_on_failure`). @default 'remove'
     */
    readonly onFail: 'remove' | 'inhibit';
}
/** What to ask, and when. */
export interface Probe extends ProbeTiming {
    readonly name: string;
    /**
     * Resolves if the endpoint is well, rejects if not. What it does through `io` stops when the endpoint is removed, the cluster
     * is closed, or twice `timeoutMs` are over, which counts as failed.
     */
    check(endpoint: Endpoint, io: ProbeIo): Promise<ProbeVerdict | void>;
    /** False to leave this turn out, such as while the endpoint tells about itself anyway. @default always due */
    isDue?(endpoint: Endpoint, now: number): boolean;
}

// dist/health/reasons.d.ts
/**
 * Why an endpoint may not be picked. A set, not a state: an endpoint is pickable exactly if it has no reason, so there is no
 * transition that could be illegal.
 */
/**
 * One reason for not being picked. `inhibited`: a probe failed whose `onFail` is `inhibit`; `on-trial`: it was unfit, and one request at
 * a time may find out whether it still is; `leaving`: the endpoint, its agent or the discovery said that it is about to go; `draining`
 * and `disabled`: an operator said so.
 */
export type HealthReason = 'probe-failed' | 'inhibited' | 'ejected' | 'on-trial' | 'leaving' | 'draining' | 'disabled';
/** The set as bits, since it is looked at on every sticky pick. */
export declare const REASON_BIT: {
    readonly 'probe-failed': 1;
    readonly inhibited: 2;
    readonly ejected: 4;
    readonly 'on-trial': 8;
    readonly leaving: 16;
    readonly draining: 32;
    readonly disabled: 64;
};
/** Reasons that an operator gave; panic does not override them. */
export declare const OPERATOR_REASONS: number;
/** Reasons that keep new work away, and not what sticks to the endpoint. */
export declare const SESSION_KEEPING_REASONS: number;
/** Who can say that an endpoint is about to go. */
export declare const LEAVING_BIT: {
    readonly discovery: 1;
    readonly agent: 2;
    readonly weight: 4;
    readonly report: 8;
};
export type LeavingSource = keyof typeof LEAVING_BIT;

// dist/health/success-rate.d.ts
import type { EjectionTimes } from './ejection-backoff.ts';
import type { EjectionPolicy } from './ejection.ts';
/** When to eject, and for how long. */
export interface SuccessRateOptions extends EjectionTimes {
    /** Share of successes below which an endpoint is unfit, 0..1. @default 0.8 */
    readonly minSuccessRatio?: number;
    /** Requests in the window that it takes to be judged by `minSuccessRatio`, 1..1_000_000. @default 20 */
    readonly minRequests?: number;
    /** ms that are looked back, 100..2^31-1; the last tenth may be cut off. @default 30_000 */
    readonly windowMs?: number;
    /**
     * Standard deviations below the mean of the peers that make an outlier, 0.1..1_000. No endpoint of n can be further away than the square
     * root of n - 1, so 1_000 switches the comparison off. @default 1.9
     */
    readonly stdevFactor?: number;
}
/**
 * Ejects by the share of successes. O(1) amortised per attempt; O(n) for n endpoints at most once per second for each endpoint that
 * fails. @throws INVALID_OPTIONS
 */
export declare function successRate(options?: SuccessRateOptions): EjectionPolicy;

// dist/health/tcp-probe.d.ts
import type { Probe, ProbeTiming } from './probe.ts';
/** Where to ask, and when. */
export interface TcpProbeOptions extends Partial<ProbeTiming> {
    /** 1..65535. @default the endpoint's own */
    readonly port?: number;
}
/** Passes if a TCP connection comes about within `timeoutMs`. @throws INVALID_OPTIONS */
export declare function tcpProbe(options?: TcpProbeOptions): Probe;

// dist/health/udp-probe.d.ts
import type { Probe, ProbeTiming } from './probe.ts';
/** What to send, what to expect, and when. */
export interface UdpProbeOptions extends Partial<ProbeTiming> {
    /** 1..65535. */
    readonly port: number;
    /** What to send; text as UTF-8; at most 65,507 bytes, and wise only up to about 1,200. @default an empty datagram */
    readonly payload?: string | Uint8Array;
    /** A part of the answer, as text or bytes, or a pattern that it matches as UTF-8 text. @default any answer */
    readonly answer?: string | RegExp | Uint8Array;
    /** False if nothing need come back; then each probe takes the whole of `timeoutMs`. @default true */
    readonly isAnswered?: boolean;
}
/** Passes if the expected answer comes within `timeoutMs`. @throws INVALID_OPTIONS */
export declare function udpProbe(options: UdpProbeOptions): Probe;

// dist/index.d.ts
export { createCluster } from './dispatch/create-cluster.ts';
export type { ClusterOptions } from './dispatch/cluster-options.ts';
export type { LocalityOptions, QuorumOptions } from './dispatch/membership-options.ts';
export type { CloseOptions, Cluster, ClusterEvents, DrainOptions } from './dispatch/cluster.ts';
export { DEADLINE_FIELD, deadlineOf } from './dispatch/deadline.ts';
export type { Fallback, FallbackResponse } from './dispatch/fallback.ts';
export type { RequestPolicyOptions } from './dispatch/request-options.ts';
export type { Priority } from './dispatch/wait-queue.ts';
export type { ClusterResponse, ExecuteOptions, HeaderFields, RequestOptions } from './dispatch/call.ts';
export { loadMeter } from './dispatch/load-meter.ts';
export type { LoadMeter, LoadMeterOptions } from './dispatch/load-meter.ts';
export { loadReporter } from './dispatch/load-reporter.ts';
export type { LoadReporter, LoadReporterOptions } from './dispatch/load-reporter.ts';
export { isIdempotentMethod } from './dispatch/exchange-request.ts';
export { recordTrace } from './dispatch/recorder.ts';
export type { RecordOptions, TraceEndpoint, TraceLine } from './dispatch/recorder.ts';
export type { Exchange, ExchangeRequest, ResponseSink } from './dispatch/sink.ts';
export type { RawHeaders, UpstreamRequest } from './transport/transport.ts';
export type { TlsOptions } from './transport/tls.ts';
export { leastRequest } from './strategies/least-request.ts';
export { maglev } from './strategies/maglev.ts';
export { loadReported } from './strategies/load-reported.ts';
export { peakEwma } from './strategies/peak-ewma.ts';
export { prequal } from './strategies/prequal.ts';
export { random } from './strategies/random.ts';
export { rendezvousHash } from './strategies/rendezvous-hash.ts';
export { ringHash } from './strategies/ring-hash.ts';
export { roundRobin } from './strategies/round-robin.ts';
export { weightedRoundRobin } from './strategies/weighted-round-robin.ts';
export type { BoundedLoadOptions } from './strategies/bounded-load.ts';
export type { ChoiceOptions } from './strategies/choices.ts';
export type { HashOptions } from './strategies/hashing.ts';
export type { MaglevOptions } from './strategies/maglev.ts';
export type { RingHashOptions } from './strategies/ring-hash.ts';
export type { LoadReportedOptions } from './strategies/load-reported.ts';
export type { PrequalOptions, PrequalStrategy } from './strategies/prequal.ts';
export type { Candidate, Picker, PickerExplanation, Strategy } from './strategies/strategy.ts';
export { anyOf } from './health/any-of.ts';
export { consecutiveFailures } from './health/consecutive-failures.ts';
export type { ConsecutiveFailuresOptions } from './health/consecutive-failures.ts';
export { failurePercentage } from './health/failure-percentage.ts';
export type { FailurePercentageOptions } from './health/failure-percentage.ts';
export { latencyOutlier } from './health/latency-outlier.ts';
export type { LatencyOutlierOptions } from './health/latency-outlier.ts';
export { successRate } from './health/success-rate.ts';
export type { SuccessRateOptions } from './health/success-rate.ts';
export type { EjectionTimes } from './health/ejection-backoff.ts';
export { agentProbe } from './health/agent-probe.ts';
export type { AgentProbeOptions } from './health/agent-probe.ts';
export { commandProbe } from './health/command-probe.ts';
export type { CommandProbeOptions } from './health/command-probe.ts';
export { grpcHealthProbe } from './health/grpc-health-probe.ts';
export type { GrpcHealthProbeOptions } from './health/grpc-health-probe.ts';
export { httpProbe } from './health/http-probe.ts';
export type { HttpProbeOptions, StatusRange } from './health/http-probe.ts';
export { icmpProbe } from './health/icmp-probe.ts';
export type { IcmpProbeOptions } from './health/icmp-probe.ts';
export { loadProbe } from './health/load-probe.ts';
export type { LoadProbeOptions } from './health/load-probe.ts';
export { tcpProbe } from './health/tcp-probe.ts';
export type { TcpProbeOptions } from './health/tcp-probe.ts';
export { udpProbe } from './health/udp-probe.ts';
export type { UdpProbeOptions } from './health/udp-probe.ts';
export type { EjectionJudges, EjectionPolicy, EjectionTracker } from './health/ejection.ts';
export type { HealthReason } from './health/reasons.ts';
export type { Probe, ProbeDatagramOptions, ProbeGrpcCall, ProbeIo, ProbeLineOptions, ProbeRequest, ProbeResponse, ProbeRunOptions, ProbeRunResult, ProbeTiming, ProbeVerdict, } from './health/probe.ts';
export { dnsResolver } from './discovery/dns-resolver.ts';
export type { DnsResolverOptions } from './discovery/dns-resolver.ts';
export { fileResolver } from './discovery/file-resolver.ts';
export type { FileResolverOptions } from './discovery/file-resolver.ts';
export { srvResolver } from './discovery/srv-resolver.ts';
export type { SrvResolverOptions } from './discovery/srv-resolver.ts';
export type { SubsetOptions } from './discovery/subset.ts';
export type { AddressRecord, Resolver, ResolverIo, ServiceRecord } from './discovery/resolver.ts';
export { aimd } from './concurrency/aimd.ts';
export type { AimdOptions } from './concurrency/aimd.ts';
export { gradient2 } from './concurrency/gradient2.ts';
export type { Gradient2Options } from './concurrency/gradient2.ts';
export type { ConcurrencyLimit, ConcurrencyLimiter } from './concurrency/concurrency-limit.ts';
export { hedging } from './retry/hedge-policy.ts';
export type { HedgePolicy, HedgingOptions } from './retry/hedge-policy.ts';
export { ROUTE_OF_KEY } from './cluster/candidates.ts';
export type { ExcludedEndpoint, ExplainedCandidate, Explanation } from './cluster/explanation.ts';
export { retryBudget } from './retry/retry-budget.ts';
export { retryPolicy } from './retry/retry-policy.ts';
export type { RetryBudget, RetryBudgetOptions } from './retry/retry-budget.ts';
export type { FailedTry, RetryPolicy, RetryPolicyOptions } from './retry/retry-policy.ts';
export { BalancerError, isBalancerError } from './errors.ts';
export type { BalancerErrorOptions, ErrorCode, FailedAttempt } from './errors.ts';
export type { AttemptEndMessage, AttemptMessage, AttemptStartMessage, ExchangeEndMessage, ProbeEndMessage, } from './channels.ts';
export type { Endpoint, EndpointOptions, PickContext } from './endpoint.ts';
export { formatLoadReport, parseLoadReport } from './load-report.ts';
export type { LoadFigures, LoadReport } from './load-report.ts';
export type { Outcome } from './outcome.ts';
export { systemClock } from './lib/clock.ts';
export type { Cancel, Clock } from './lib/clock.ts';
export type { Random } from './lib/random.ts';
export { hash32 } from './lib/hash.ts';

// dist/lib/clock.d.ts
/**
 * The one place where core reads time. Everything below the shell takes `now` as an argument; the shell takes a `Clock`.
 */
/** Stops a scheduled task. Calling it again, or after the task ran, does nothing. */
export type Cancel = () => void;
/** A source of monotonic time and of timers. `systemClock` is the real one, `manualClock()` of `@evenkeel/core/testing` the other. */
export interface Clock {
    /** Milliseconds since an arbitrary origin; never goes back. */
    now(): number;
    /**
     * Runs `task` once after `delayMs` milliseconds. Somebody waits for it, so it keeps the process alive, unless it `isBackground`.
     * @param isBackground true for work that nobody waits for, such as probes. @default false
     */
    schedule(delayMs: number, task: () => void, isBackground?: boolean): Cancel;
}
/** The machine's monotonic clock. */
export declare const systemClock: Clock;

// dist/lib/hash.d.ts
/**
 * A 32-bit FNV-1a hash of a string's UTF-16 units with MurmurHash3's finaliser, which FNV alone needs for its low
 * avalanche in the top bits. Not for secrets. O(length), allocates nothing.
 * @see http://www.isthe.com/chongo/tech/comp/fnv/
 */
export declare function hash32(text: string, seed?: number): number;
/** MurmurHash3's 32-bit finaliser: spreads every input bit over all output bits. Combine two hashes as `mix32(a ^ mix32(b))`. */
export declare function mix32(value: number): number;
/** The key of what a request hangs on: a hash of `text` that is never 0, which means that it hangs on nothing; 0 without a text. */
export declare function keyOf(text: string | undefined): number;

// dist/lib/members.d.ts
/** The members of one set. Position i of every array is about the same member. */
export interface Members {
    /** Where the member stands in the list that was given. */
    readonly order: Uint32Array;
    /**
     * Two hashes of the identity. One is not enough: two of ten thousand members share all 32 bits in one set of a hundred, and one of the two
     * would never be found.
     */
    readonly first: Int32Array;
    readonly second: Int32Array;
}
/** Takes O(n log n) time. @param seed another one gives an arrangement that has nothing to do with the first */
export declare function membersOf(ids: readonly string[], seed: number): Members;

// dist/lib/placement.d.ts
/** Members that a search passes over. */
export interface Except {
    isTried(member: number): boolean;
    isFull(member: number): boolean;
}
/** A way to share keys out among members 0..n-1. Nothing in it depends on anything but the members, their weights and the seed. */
export interface Placement {
    /** The member that `key` belongs to. @param key an integer of 32 bits, mixed here and not before. Allocates nothing. */
    owner(key: number): number;
    /** The key's next member that is neither tried nor full; -1 if there is none. Allocates nothing. */
    ownerExcept(key: number, except: Except): number;
}
/** How often a search jumps before it looks at one member after the other. With four of five members full, 1 of 1,260 gets there. */
export declare const JUMPS = 32;
/**
 * Another key in place of `key`, one for each step. Overflow that went on to a neighbour would all land on the same one, fill it, and
 * go on from there; a jump spreads it.
 * @see Chen, Coleman and Shrivastava 2019, "Revisiting consistent hashing with bounded loads", https://arxiv.org/abs/1908.08762
 */
export declare function jumped(key: number, step: number): number;
/** The first member that will do, from one that depends on the key; -1 if there is none. O(n). */
export declare function scan(members: number, key: number, except: Except): number;

// dist/lib/random.d.ts
/**
 * The one place where core meets chance. Strategies ask for integers, which is both the seedable and the fast seam.
 */
/** A source of random numbers. Not for secrets. */
export interface Random {
    /** An integer, uniform in 0..n-1, for an integer `n` in 1..2^32. O(1), allocates nothing. */
    below(n: number): number;
    /** A number, uniform in [0, 1). For cold paths such as jitter. */
    unit(): number;
}
/**
 * A xorshift32 generator (Marsaglia 2003, "Xorshift RNGs", triple 13, 17, 5). Period 2^32 - 1; equal seeds give equal sequences.
 * Multiply-shift instead of modulo keeps `below` free of division; its bias is below n / 2^32.
 * @param seed any integer; 0 is replaced, because xorshift would stay there for ever.
 */
export declare function xorshift(seed: number): Random;
/** A generator with a seed that differs from process to process. */
export declare function systemRandom(): Random;

// dist/load-report.d.ts
/**
 * What an endpoint says about itself with a response: Open Request Cost Aggregation (ORCA) over plain HTTP, in the field
 * `endpoint-load-metrics` that Envoy and gRPC know. Reports are hints from outside: whatever is not a number in range counts as not said.
 *
 * Read are `TEXT name=value, name=value` (also with `:`, as Envoy once had it) and `JSON {...}` with the names of the ORCA message in
 * either of protobuf's two spellings. `BIN` (the message in base64) is not read.
 * @see https://github.com/cncf/xds/blob/main/xds/data/orca/v3/orca_load_report.proto
 */
/** An endpoint's last report. NaN stands for what it did not say. */
export interface LoadReport {
    /** When it came, in ms on the cluster's clock. */
    readonly receivedAt: number;
    /** Requests that the endpoint is working on or has queued, this client's included. */
    readonly inflight: number;
    /** Median of its recent latencies in ms at about as many requests in flight. */
    readonly latencyMs: number;
    /** How busy it is, 0 for idle, 1 for at its limit; may be more. `application_utilization`, else `cpu_utilization`. */
    readonly utilization: number;
    readonly requestsPerSecond: number;
    readonly errorsPerSecond: number;
    /** Share of the time that its event loop was not idle, 0..1. */
    readonly loopUtilization: number;
    /** How late its event loop runs timers, in ms. */
    readonly loopDelayMs: number;
    /** How long its oldest waiting request has waited, in ms. */
    readonly queueAgeMs: number;
    /** It is about to stop. */
    readonly isDraining: boolean;
}
/** The header field that carries a report. */
export declare const LOAD_REPORT_FIELD = "endpoint-load-metrics";
/** Reads a value of `endpoint-load-metrics`; undefined if it says nothing that can be used. Never throws. O(length). */
export declare function parseLoadReport(value: string, now: number): LoadReport | undefined;
/** What an endpoint can say about itself. What is NaN or missing is left out. */
export type LoadFigures = Partial<Omit<LoadReport, 'receivedAt'>>;
/** The value of `endpoint-load-metrics` that says it, to three decimals; empty if they say nothing. */
export declare function formatLoadReport(given: LoadFigures): string;
/**
 * The value of `endpoint-load-metrics` among fields as they were on the wire: name, value, name, value, Buffers in latin1. The first one
 * counts. Undefined, after a comparison of lengths per field, if there is none; allocates nothing then.
 */
export declare function loadReportIn(rawHeaders: readonly (Buffer | string)[]): string | undefined;

// dist/options.d.ts
/**
 * Options are resolved once, at construction: defaults filled in, unknown keys refused, and one message that names path,
 * expectation and value. Shared by all packages through `@evenkeel/core/options`.
 */
import * as v from 'valibot';
export * as v from 'valibot';
/**
 * Checks `input` against `schema` and fills in defaults.
 * @param where the public function whose argument this is, such as `createCluster`
 * @throws INVALID_OPTIONS naming path, expectation and value of every problem
 */
export declare function resolveOptions<const S extends v.GenericSchema>(where: string, schema: S, input: unknown): v.InferOutput<S>;
/** A duration in milliseconds; an integer or fraction in `min`..`max`. */
export declare function durationMs(min: number, max?: number): v.GenericSchema<number>;
/** An integer in `min`..`max`. */
export declare function integerIn(min: number, max: number): v.GenericSchema<number>;
/** A finite number in `min`..`max`. */
export declare function numberIn(min: number, max: number, unit?: string): v.GenericSchema<number>;
/** A function of the type `T`. */
export declare function functionOf<T extends (...args: never[]) => unknown>(): v.GenericSchema<T>;
/** An object that has the methods `names`; for seams such as a strategy, a clock or a store. */
export declare function objectWith<T extends object>(noun: string, ...names: readonly (keyof T & string)[]): v.GenericSchema<T>;

// dist/outcome.d.ts
/** How one attempt ended, as the endpoint's judges see it. */
export type Outcome = 'success'
/** A response with status 500..599. */
 | 'server-error'
/** A response with status 429. */
 | 'rate-limited'
/** No response head in time. */
 | 'timeout'
/** The connection ended before the response was whole, or the response was not valid. */
 | 'reset'
/** No connection came about; nothing was sent. */
 | 'connect-error'
/** The caller gave up. Never counts against an endpoint. */
 | 'cancelled';
/** The outcome that a response status means. */
export declare function outcomeOf(status: number): Outcome;
/** True where the endpoint is to blame: a hard failure. A rate limit is the endpoint defending itself. */
export declare function isFailure(outcome: Outcome): boolean;

// dist/retry/hedge-policy.d.ts
/** When to hedge, and how much. One object per cluster. */
export interface HedgePolicy {
    /** Further attempts that one request may have beside its first, 1..3. */
    readonly maxHedges: number;
    /** ms after which an attempt without an answer gets company; Infinity for not (yet). */
    delayMs(now: number): number;
    /**
     * Takes note of how long a response head took. An attempt that was given up because its company was faster counts with the time
     * that it had: it would have taken at least that long. Allocates nothing.
     */
    observe(latencyMs: number, now: number): void;
    /** Called once per request. */
    deposit(now: number): void;
    /** Takes one hedge out of the allowance; false if there is none. */
    tryWithdraw(now: number): boolean;
}
/** When to hedge, and how much. */
export interface HedgingOptions {
    /** Percentile of recent latencies after which an attempt is late, 50..99.9. @default 95 */
    readonly percentile?: number;
    /**
     * Times the median of recent latencies that an attempt has to be late at least, 1..10. What is sent after 2.5 medians has won if
     * the attempt would have taken 3.5; the allowance is kept for such. Less is quicker where answers hardly differ, and finds the allowance
     * used up where one of twenty is later than that by itself; 1 leaves the choice to the percentile. @default 2.5
     */
    readonly slowdown?: number;
    /**
     * A fixed delay in ms instead, 1..2^31-1; `percentile`, `slowdown`, `minDelayMs` and `minSamples` play no part then. @default none
     */
    readonly delayMs?: number;
    /** The shortest delay in ms, 1..2^31-1. @default 1 */
    readonly minDelayMs?: number;
    /** Latencies that have to be in the window before anything is hedged, 1..1_000_000. @default 100 */
    readonly minSamples?: number;
    /** Hedges as a percentage of requests, 0..100. @default 2 */
    readonly maxExtraPercent?: number;
    /** Hedges per request, 1..3. @default 1 */
    readonly maxHedges?: number;
    /** ms that are looked back, 100..2^31-1; the last tenth may be cut off. @default 30_000 */
    readonly windowMs?: number;
}
/** Hedges what is late. All calls are O(1), but for a look at the histogram twice per second. @throws INVALID_OPTIONS */
export declare function hedging(options?: HedgingOptions): HedgePolicy;

// dist/retry/retry-budget.d.ts
/** Says whether one more retry may be sent now. Shared by all requests of a cluster. */
export interface RetryBudget {
    /** Called once per request. */
    deposit(now: number): void;
    /** Takes one retry out of the budget; false if there is none. */
    tryWithdraw(now: number): boolean;
    /** How many retries could be sent now. A pure question. */
    balance(now: number): number;
}
/** How many retries are allowed. */
export interface RetryBudgetOptions {
    /** Retries as a percentage of requests, 0..100. @default 20 */
    readonly percent?: number;
    /** Retries per second that are always allowed, on average over the window, 0..1_000_000; shared by `workers`. @default 3 */
    readonly minPerSecond?: number;
    /**
     * Processes that send the same kind of traffic to the same endpoints, 1..1_024, such as the workers of a `node:cluster`. Where a worker's
     * share of `minPerSecond` is less than one retry per window, it has the percentage only. @default 1
     */
    readonly workers?: number;
    /** ms that are looked back, 100..2^31-1. @default 10_000 */
    readonly windowMs?: number;
}
/** Retries as a share of recent requests, plus a few. All calls are O(1) and allocate nothing. @throws INVALID_OPTIONS */
export declare function retryBudget(options?: RetryBudgetOptions): RetryBudget;

// dist/retry/retry-policy.d.ts
/**
 * Which failed attempts may be tried again. The safe cases of RFC 9110 section 9.2.2: nothing was sent, or the method is
 * idempotent and the body can be sent once more.
 */
import type { Random } from '../lib/random.ts';
import type { Outcome } from '../outcome.ts';
/** What a policy is told about an attempt that failed. */
export interface FailedTry {
    readonly outcome: Outcome;
    /** The response status, 0 if there was no response. */
    readonly status: number;
    /** False if not a byte of the request left. */
    readonly isSent: boolean;
    /** The method is idempotent, or the caller declared the request so. */
    readonly isIdempotent: boolean;
    /** The body, if any, is at hand as a whole. */
    readonly isReplayable: boolean;
}
/** Whether to try again, and when. */
export interface RetryPolicy {
    /** Tries per request in all, the first one included. */
    readonly maxAttempts: number;
    isRetryable(failed: FailedTry): boolean;
    /** True if a retry after this failure has to be paid for from the budget. */
    isCharged(failed: FailedTry): boolean;
    /** How long to wait in ms before the `attempt`-th retry if it has to go to an endpoint that was tried already. */
    delayMs(attempt: number, random: Random): number;
}
/** What is tried again, and how often. */
export interface RetryPolicyOptions {
    /** Tries per request in all, 1..10; 1 means no retries. @default 3 */
    readonly maxAttempts?: number;
    /**
     * Response statuses, 400..599, after which another endpoint is asked: those with which a server or a proxy before it says that it
     * cannot serve now. Not 500, which is a fault in the application and will be there on the next endpoint too. Not 429, since a limit
     * mostly holds for all endpoints; where each has its own, add it: what was turned away was not done, so it is tried again whatever the
     * method. @default [502, 503, 504]
     */
    readonly statuses?: readonly number[];
}
/**
 * Tries again on another endpoint: whatever was never sent, and, paid for from the budget, what is idempotent and replayable and
 * ended in a time-out, a broken connection or one of `statuses`. Never what the caller cancelled.
 *
 * Delays are for an endpoint that has to be used again, since another one owes its failure nothing: full jitter over 25, 75, 175,
 * then 250 ms (Envoy's figures).
 * @throws INVALID_OPTIONS
 */
export declare function retryPolicy(options?: RetryPolicyOptions): RetryPolicy;

// dist/session-cookie.d.ts
/** The name that servlet containers gave it and that every balancer knows. */
export declare const SESSION_COOKIE = "JSESSIONID";
/** A cookie value is looked at only up to this length. */
export declare const MAX_SESSION_COOKIE_LENGTH = 512;
/** A cookie value taken apart. `token` is all before the route: an id of ours with its mac, or whatever an endpoint made. */
export interface SessionCookie {
    readonly token: string;
    readonly route: string | undefined;
}
/** Takes the route off a cookie value. What follows the last dot counts as a route only if it has a route's alphabet. O(length). */
export declare function splitRoute(value: string): SessionCookie;
/** Puts a cookie value together. */
export declare function joinRoute(token: string, route: string | undefined): string;
/** A new session id: 128 bits from the system's generator. */
export declare function newSessionId(): string;
/** Signs with the first key and verifies with all of them. */
export interface SessionIdSigner {
    /** The id with its mac. */
    sign(id: string): string;
    /** The id if the token is one of ours, whole and signed by any of the keys; otherwise undefined. Compares in constant time. */
    verify(token: string): string | undefined;
}
/** @param secrets newest first; the caller has checked that there is at least one and that none is short */
export declare function sessionIdSigner(secrets: readonly string[]): SessionIdSigner;

// dist/strategies/bounded-load.d.ts
/**
 * A bound on what hashing may put on one endpoint: `ceil(factor * (total + 1) * share)` requests in flight, where the total is that of
 * all endpoints and the share is the endpoint's part of the weight. A key that is hot, or unlucky neighbours, spill over to others.
 * @see Mirrokni, Thorup and Zadimoghaddam 2016, "Consistent hashing with bounded loads", https://arxiv.org/abs/1608.01350
 */
import type { Endpoint } from '../endpoint.ts';
import { v } from '../options.ts';
/** How much more than its share an endpoint may have. */
export interface BoundedLoadOptions {
    /**
     * Requests in flight, as a multiple of the endpoint's share of them all, 1.01..10. The less, the evener, and the more keys are not where
     * they belong; 1.25 is common.
     */
    readonly factor: number;
}
export declare const boundedLoadSchema: v.GenericSchema<unknown, BoundedLoadOptions>;
/**
 * Knows the total without adding it up for every pick: with up to 64 endpoints it is exact; with n of them it is at most n / 64 picks
 * and 10 ms old. So a pick costs 64 reads at most, on average, and none where the endpoint is idle.
 */
export declare class LoadBound {
    #private;
    constructor(endpoints: readonly Endpoint[], factor: number);
    /** Call it once before the questions of one pick. */
    refresh(now: number): void;
    /** @returns true if that changed anything */
    count(now: number): boolean;
    /** True if another request would be above the bound. An idle endpoint never is full. */
    isFull(index: number): boolean;
}

// dist/strategies/choices.d.ts
/**
 * The distribution that `leastRequest()` and `peakEwma()` share: compare a few endpoints, drawn at random, and take the least loaded;
 * with few endpoints, compare them all. Load is `slowness * (inflight + 1)`, and what slowness means is the metric's. For endpoints of
 * equal weight; `weighted-choices.ts` is the same for others.
 * @see Mitzenmacher 2001, "The power of two choices in randomized load balancing"
 */
import type { Endpoint, PickContext } from '../endpoint.ts';
import type { Random } from '../lib/random.ts';
import type { Picker, PickerExplanation } from './strategy.ts';
/** How many endpoints a pick looks at. */
export interface ChoiceOptions {
    /** Distinct endpoints that are compared, 1..16; 1 is a random choice in proportion to the weights. @default 2 */
    readonly choices?: number;
    /** Up to this many endpoints, 0..64, all are compared: two draws of three miss the best one too often. @default 8 */
    readonly fullScanUpTo?: number;
}
/** What one request on an endpoint costs. */
export interface Metric {
    /** Relative to other endpoints: 0 to be taken before all of them, Infinity after all. Small, so that calls of it are inlined. */
    slownessOf(endpoint: Endpoint, context: PickContext): number;
    /** What was picked, of all that were looked at, has this slowness. */
    chose(slowness: number): void;
}
/** Fills in the defaults. @throws INVALID_OPTIONS */
export declare function resolveChoices(where: string, options: ChoiceOptions): Required<ChoiceOptions>;
export declare class ChoicePicker<E extends Endpoint, M extends Metric> implements Picker<E> {
    #private;
    readonly metric: M;
    /** What was read ahead; for nobody, but V8 leaves out reads that lead nowhere. */
    touched: number;
    constructor(endpoints: readonly E[], random: Random, options: Required<ChoiceOptions>, metric: M);
    pick(context: PickContext): E | undefined;
    explain(context: PickContext): PickerExplanation;
}

// dist/strategies/hashing.d.ts
/**
 * What `rendezvousHash()`, `ringHash()` and `maglev()` share: a request goes where its key belongs, and a retry to the key's next
 * endpoint. Keys belong to the identity of an endpoint (`id`), never to its address, and to the same one in every process that knows the
 * same endpoints. A request without a key is placed at random, in proportion to the weights: as one key among others, it would put
 * everything that has none on one endpoint.
 */
import type { Endpoint, PickContext } from '../endpoint.ts';
import type { Members } from '../lib/members.ts';
import type { Except, Placement } from '../lib/placement.ts';
import type { Random } from '../lib/random.ts';
import { v } from '../options.ts';
import type { BoundedLoadOptions } from './bounded-load.ts';
import type { Picker, PickerExplanation } from './strategy.ts';
/** Options that all hashing strategies take. */
export interface HashOptions {
    /** Another one gives an arrangement that has nothing to do with the first, 0..2^32-1. The same in all processes. @default 0 */
    readonly seed?: number;
    /** What is too much for one endpoint, so that it goes to another one in spite of its key. @default none */
    readonly boundedLoad?: BoundedLoadOptions;
}
/** The options with the defaults filled in. */
export interface ResolvedHashOptions {
    readonly seed: number;
    readonly boundedLoad?: BoundedLoadOptions | undefined;
}
/** The schema's part that all hashing strategies share. */
export declare const hashEntries: {
    readonly seed: v.OptionalSchema<v.GenericSchema<number>, 0>;
    readonly boundedLoad: v.OptionalSchema<v.GenericSchema<unknown, BoundedLoadOptions>, undefined>;
};
/** Places the members of a set. */
export type Place = (members: Members, weights: Float64Array) => Placement;
export declare class HashPicker<E extends Endpoint> implements Picker<E>, Except {
    #private;
    /** @param previous the picker to replace; its table stays in use if the endpoints and their weights are the same */
    constructor(endpoints: readonly E[], random: Random, options: ResolvedHashOptions, place: Place, previous: unknown);
    pick(context: PickContext): E | undefined;
    explain(context: PickContext): PickerExplanation;
    isTried(index: number): boolean;
    isFull(index: number): boolean;
}

// dist/strategies/least-request.d.ts
import type { ChoiceOptions } from './choices.ts';
import type { Strategy } from './strategy.ts';
/** The fewest requests in flight for the weight. A pick is O(choices). @throws INVALID_OPTIONS */
export declare function leastRequest(options?: ChoiceOptions): Strategy;

// dist/strategies/load-reported.d.ts
import type { Strategy } from './strategy.ts';
/** How endpoints' reports become weights. */
export interface LoadReportedOptions {
    /** How long reports are not believed yet, from an endpoint's first one on, in ms. @default 10_000 */
    readonly blackoutMs?: number;
    /** How long a report counts, in ms, 1 or more. @default 180_000 */
    readonly expirationMs?: number;
    /** How often weights are worked out anew, in ms, 100 or more. @default 1_000 */
    readonly updateMs?: number;
    /** How much utilization it counts as if all requests fail, 0..1000. @default 1 */
    readonly errorUtilizationPenalty?: number;
}
/** In turn, as often as reports and weights say. A pick is O(1) amortised, plus O(n log n) once in `updateMs`. @throws INVALID_OPTIONS */
export declare function loadReported(options?: LoadReportedOptions): Strategy;

// dist/strategies/maglev.d.ts
import type { HashOptions } from './hashing.ts';
import type { Strategy } from './strategy.ts';
/** Options of `maglev()`. */
export interface MaglevOptions extends HashOptions {
    /**
     * Slots, a prime in 251..5_000_011; a larger one is taken if there are fewer than four per endpoint. A hundred per endpoint make shares
     * right to 1 %. Building takes 3 to 10 ms, and ten times the slots ten times that. @default 65_537
     */
    readonly tableSize?: number;
}
/** The endpoint whose slot the key hits. A pick is O(1). @throws INVALID_OPTIONS */
export declare function maglev(options?: MaglevOptions): Strategy;

// dist/strategies/peak-ewma.d.ts
import type { ChoiceOptions } from './choices.ts';
import type { Strategy } from './strategy.ts';
/** The least latency for the requests in flight and the weight. A pick is O(choices). @throws INVALID_OPTIONS */
export declare function peakEwma(options?: ChoiceOptions): Strategy;

// dist/strategies/prequal.d.ts
import type { Strategy } from './strategy.ts';
/** How reports are made use of. */
export interface PrequalOptions {
    /**
     * Which quantile of the requests in flight still counts as cold, 0..1: 0 is least in flight alone, 1 nearly latency alone. Between 0.6
     * and 0.9 it makes little difference. @default 2 ** -0.25, about 0.84
     */
    readonly quantile?: number;
    /** ms after which a report is too old, 1..600_000. @default 1_000 */
    readonly maxAgeMs?: number;
    /** Distinct endpoints that are compared, 2..64. @default half of them, at least 2 and at most 16 */
    readonly choices?: number;
}
/** A `prequal()`, and how well its endpoints keep it informed. */
export interface PrequalStrategy extends Strategy {
    /** Picks so far, of all clusters that use it. */
    readonly picks: number;
    /** Those for which there were too few fresh reports. */
    readonly fallbackPicks: number;
}
/** The least latency among endpoints that are not too full, by their own reports. A pick is O(choices). @throws INVALID_OPTIONS */
export declare function prequal(options?: PrequalOptions): PrequalStrategy;

// dist/strategies/random.d.ts
import type { Strategy } from './strategy.ts';
/** A random endpoint, in proportion to the weights. A pick is O(1); O(n) for a retry if tried endpoints have most of the weight. */
export declare function random(): Strategy;

// dist/strategies/rendezvous-hash.d.ts
import type { HashOptions } from './hashing.ts';
import type { Strategy } from './strategy.ts';
/** The endpoint that drew the best lot for the key. A pick is O(n). @throws INVALID_OPTIONS */
export declare function rendezvousHash(options?: HashOptions): Strategy;

// dist/strategies/ring-hash.d.ts
import type { HashOptions } from './hashing.ts';
import type { Strategy } from './strategy.ts';
/** Options of `ringHash()`. */
export interface RingHashOptions extends HashOptions {
    /** Points per unit of weight, 1..65_536; each takes 7 to 8 bytes. Fewer if weights are large numbers. @default 160 */
    readonly pointsPerWeight?: number;
    /**
     * Points on the whole ring, 1_024..8_388_608. Beyond, every endpoint has half as many, or a quarter and so on, which moves keys between
     * endpoints that did not change. A million points take about 50 ms to build. @default 2_097_152, room for 13_107 endpoints of weight 1
     */
    readonly maxRingSize?: number;
}
/** The endpoint whose point comes next after the key's. A pick is O(1). @throws INVALID_OPTIONS */
export declare function ringHash(options?: RingHashOptions): Strategy;

// dist/strategies/round-robin.d.ts
import type { Strategy } from './strategy.ts';
/** Every endpoint in turn, in proportion to the weights. */
export declare function roundRobin(): Strategy;

// dist/strategies/strategy.d.ts
/**
 * The two halves of balancing policy: a strategy is built anew whenever the set of pickable endpoints changes, and the picker
 * that it builds answers every pick until then. Neither knows about health.
 */
import type { Endpoint, PickContext } from '../endpoint.ts';
import type { Random } from '../lib/random.ts';
/** How an endpoint looks to a picker at one moment. */
export interface Candidate {
    readonly endpoint: Endpoint;
    /** What it would be picked for: the least one wins. Only comparable within one explanation. Undefined where there is no order. */
    readonly score: number | undefined;
}
/** The momentary state of a strategy. */
export interface Picker<E extends Endpoint = Endpoint> {
    /**
     * The endpoint for one attempt, or undefined if the picker has none. Moves the cursor and changes nothing else; called once
     * per attempt, and again if the endpoint was tried before or is at its limit. Allocates nothing.
     */
    pick(context: PickContext): E | undefined;
    /** Told when stickiness, not this picker, chose `endpoint`, so that other traffic can make up for it. */
    charge?(endpoint: E): void;
    /** What `pick` would look at, without moving anything. For people; may allocate. */
    explain?(context: PickContext): PickerExplanation;
}
/** What a picker would decide on. */
export interface PickerExplanation {
    /** The rule at work, where the strategy has more than one: `full-scan`, `two-choices`, `cold`, `hot`, `random-fallback` ... */
    readonly regime: string;
    readonly candidates: readonly Candidate[];
}
/** How load is spread. The smallest one: `{ name: 'first', build: (endpoints) => ({ pick: () => endpoints[0] }) }`. */
export interface Strategy {
    readonly name: string;
    /**
     * @param endpoints those that may be picked; never empty, and constant for the life of the picker
     * @param previous the picker this one replaces; carry its cursor over so that a rebuild starts nothing afresh
     */
    build<E extends Endpoint>(endpoints: readonly E[], random: Random, previous: Picker<E> | undefined): Picker<E>;
}

// dist/strategies/weighted-round-robin.d.ts
import type { Strategy } from './strategy.ts';
/** Every endpoint in turn, in proportion to the weights; for many endpoints. A pick is O(1) amortised, a build O(n). */
export declare function weightedRoundRobin(): Strategy;

// dist/testing/index.d.ts
/**
 * What tests of balancing need: time that stands still until it is turned, and chance that repeats itself.
 */
import type { Clock } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';
/** A clock that moves only when told to. */
export interface ManualClock extends Clock {
    /**
     * Moves time forward by `ms` and runs every task that falls due, in order of time, each at its own moment; tasks that they schedule
     * run too if they fall due by then. @throws RangeError if `ms` is negative: time never goes back
     */
    advance(ms: number): void;
    /** How many tasks are waiting. */
    readonly pending: number;
    /** How many of them would hold a process: somebody waits for them. */
    readonly holding: number;
}
/** @param start the first `now()`, in ms. @default 0 */
export declare function manualClock(start?: number): ManualClock;
/** A random source that gives the same sequence for the same seed. @param seed any integer. @default 1 */
export declare function seeded(seed?: number): Random;

// dist/transport/tls.d.ts
import type { ConnectionOptions } from 'node:tls';
/** A part of `tls.connect()`'s options, with its defaults: the system's trust, the endpoint's host name as SNI, verification on. */
export type TlsOptions = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'passphrase' | 'pfx' | 'servername' | 'rejectUnauthorized' | 'minVersion' | 'ciphers'>;
/** What to add to the options of a connection, for an endpoint that is known by an address of IPv6: Node 22 finds it in no certificate. */
export declare function identityOptions(host: string): Pick<ConnectionOptions, 'checkServerIdentity'>;

// dist/transport/transport.d.ts
/**
 * The seam between choosing an endpoint and talking to it. Its shapes are those of undici's dispatch handlers, so that undici
 * calls an attempt directly and another wire client can do the same.
 */
import type { Duplex, Readable } from 'node:stream';
import type { Endpoint } from '../endpoint.ts';
/** Header fields as they were on the wire: name, value, name, value. Buffers hold latin1 bytes. */
export type RawHeaders = readonly (Buffer | string)[];
/** One request as it goes to whichever endpoint is picked. */
export interface UpstreamRequest {
    readonly method: string;
    /** Origin-form (`/path?query`) or `*`; sent as it is, byte for byte. */
    readonly path: string;
    /** Name, value, name, value; in latin1. Must hold no connection-level field; `host` is the endpoint's own unless present. */
    readonly headers: readonly string[];
    /** A `Readable` is sent as it comes and cannot be replayed. */
    readonly body: Buffer | Readable | null;
    /**
     * What follows a `Readable` that is sent in chunks, asked for when it has ended: name, value, name, value. The head has announced it
     * with a `Trailer` field. @default nothing
     */
    readonly trailers?: (() => readonly string[]) | undefined;
    /**
     * Has a `Readable` body begin again, as another one in `body`, for a request that an endpoint has refused to look at although some of
     * the body was on its way: false if too much of it has passed. @default it cannot
     */
    rewind?(): boolean;
    /**
     * Asked for each piece. True if nobody needs the pieces of a `Readable` once they have been written, so that their memory may be given
     * back at once: it is theirs alone. @default false
     */
    readonly isBodyTransient?: boolean;
    /** The protocol to change to, such as `websocket`; the transport adds the `Upgrade` and `Connection` fields. @default none */
    readonly upgrade?: string | undefined;
    /**
     * The body comes only when the endpoint wants it: the transport adds `Expect: 100-continue`, or, if it can't, says 100 in the
     * endpoint's place. @default false
     */
    readonly isContinueExpected?: boolean | undefined;
    /** What the connection has to begin with (a PROXY protocol header); it carries only requests with the same bytes. @default nothing */
    readonly preamble?: Buffer | undefined;
    /** Undefined for the cluster's. */
    readonly headTimeoutMs?: number | undefined;
    /** Undefined for the cluster's. */
    readonly bodyTimeoutMs?: number | undefined;
}
/** What an attempt may ask of the connection it is on. */
export interface TransportController {
    /** Ends the attempt; the handler's `onResponseError` follows with `reason`. */
    abort(reason: Error): void;
    pause(): void;
    resume(): void;
    readonly rawHeaders?: unknown;
    readonly rawTrailers?: unknown;
}
/** What a transport reports about one attempt, in this order; exactly one of the last three ends it. None throws. */
export interface TransportHandler {
    /** The request waits for a connection. Until it has one, `controller` is good for `abort` alone, after which nothing is sent. */
    onRequestWait?(controller: TransportController): void;
    /** A connection is there and the request is about to be written on it. Never called if nothing was sent. */
    onRequestStart(controller: TransportController, context: unknown): void;
    /** Once per response head; statuses below 200, but never 101, come first and are not final. `controller.rawHeaders` holds the fields. */
    onResponseStart(controller: TransportController, status: number, headers: unknown, statusText?: string): void;
    onResponseData(controller: TransportController, chunk: Buffer): void;
    /**
     * Asked at the response head. True to take the body's pieces on loan: a `chunk` may be overwritten when `onResponseData` returns, unless
     * it has paused; then when it resumes. @default false
     */
    readonly takesLoans?: boolean;
    /** Asked before the request is sent. True if pieces of a body are forgotten soon, so that they may share memory. @default false */
    readonly isTransient?: boolean;
    /** `controller.rawTrailers` holds the trailer fields. */
    onResponseEnd(controller: TransportController, trailers: unknown): void;
    /**
     * The endpoint has changed protocols, as it was asked to: the connection is the handler's. What has arrived on it since the head can
     * still be read from it. `controller.rawHeaders` holds the fields of the head. A response that refuses is a response like others.
     */
    onRequestUpgrade(controller: TransportController, status: number, headers: unknown, socket: Duplex): void;
    /** `controller` is missing if the attempt never got a connection. */
    onResponseError(controller: TransportController | null | undefined, error: Error): void;
}
/** Sends requests to endpoints and keeps their connections. */
export interface Transport {
    /** Never throws; every failure goes to the handler. */
    send(endpoint: Endpoint, request: UpstreamRequest, handler: TransportHandler): void;
    /** Ends the endpoint's idle connections now and the busy ones when their attempt is over, or at once if `isForced`. */
    release(endpoint: Endpoint, isForced: boolean): Promise<void>;
}
