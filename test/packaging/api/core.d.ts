// @evenkeel/core: dist/index.d.ts
// @evenkeel/core/options: dist/options.d.ts
// @evenkeel/core/session-cookie: dist/session-cookie.d.ts
// @evenkeel/core/testing: dist/testing/index.d.ts

// dist/channels.d.ts
import type { Channel } from 'node:diagnostics_channel';
import type { ErrorCode } from './errors.ts';
import type { Outcome } from './outcome.ts';
/** An attempt is about to be sent. */
export interface AttemptStartMessage {
    readonly cluster: string;
    readonly endpoint: string;
    /** 0 for the first try. */
    readonly attempt: number;
    readonly method: string;
    readonly path: string;
}
/** The head of a response arrived, or the attempt failed without one. */
export interface AttemptEndMessage extends AttemptStartMessage {
    readonly outcome: Outcome;
    /** 0 if there was no response. */
    readonly status: number;
    readonly code: ErrorCode | undefined;
    readonly durationMs: number;
    /** True if another attempt follows. */
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
    /** 0 if there was no response. */
    readonly status: number;
    readonly code: ErrorCode | undefined;
    readonly durationMs: number;
}
/** `evenkeel:attempt:start` carries an `AttemptStartMessage`. */
export declare const attemptStart: Channel;
/** `evenkeel:attempt:end` carries an `AttemptEndMessage`. */
export declare const attemptEnd: Channel;
/** `evenkeel:exchange:end` carries an `ExchangeEndMessage`. */
export declare const exchangeEnd: Channel;

// dist/dispatch/call.d.ts
/**
 * What `cluster.request()` and `cluster.execute()` take and give.
 */
import type { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { Outcome } from '../outcome.ts';
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
}
/** A response whose body is read in one of four ways, once. A body that nobody reads holds its connection. */
export interface ClusterResponse {
    readonly status: number;
    readonly statusText: string;
    /** Names in lower case; a name that came more than once has its values joined by `, `, but for `set-cookie`. */
    readonly headers: Readonly<Record<string, string | string[]>>;
    /** The id of the endpoint that answered. */
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
/** How to run a call of any protocol. */
export interface ExecuteOptions {
    readonly signal?: AbortSignal;
    readonly key?: string;
    /** The call may be repeated on another endpoint. @default false */
    readonly isIdempotent?: boolean;
    /** What a rejection means for the endpoint. @default 'cancelled' if the signal was aborted, else 'server-error' */
    readonly classify?: (error: unknown) => Outcome;
}

// dist/dispatch/cluster-options.d.ts
/**
 * What `createCluster` takes, with every default beside it.
 */
import type { EndpointOptions, ResolvedEndpoint } from '../endpoint.ts';
import type { EjectionPolicy } from '../health/ejection.ts';
import type { Probe } from '../health/probe.ts';
import type { Clock } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';
import { v } from '../options.ts';
import type { RetryBudget } from '../retry/retry-budget.ts';
import type { RetryPolicy } from '../retry/retry-policy.ts';
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
/** The options with all defaults filled in. */
export interface ResolvedClusterOptions extends Required<Omit<ClusterOptions, 'endpoints' | 'probe' | 'tls'>> {
    readonly endpoints: ResolvedEndpoint[];
    readonly probe?: Probe | undefined;
    readonly tls?: TlsOptions | undefined;
}
export declare const clusterSchema: v.GenericSchema<unknown, ResolvedClusterOptions>;

// dist/dispatch/cluster.d.ts
/**
 * A cluster as its users see it: a named set of endpoints with its policy, and the ways to send something to one of them.
 */
import type { Dispatcher } from 'undici';
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
    /** Replaces the set. What was learned about endpoints that stay is kept; those that go finish what they have begun. */
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
    execute<T>(call: (endpoint: Endpoint, signal: AbortSignal) => Promise<T>, options?: ExecuteOptions): Promise<T>;
    /** An undici dispatcher over this cluster; the origin that a caller names is not used. */
    dispatcher(): Dispatcher;
    /** The seam under all of these: one exchange, its answer into a sink. The sink always gets its last call. */
    exchange(request: ExchangeRequest, sink: ResponseSink): Exchange;
    /** Chooses an endpoint. Moves the cursor: call it once per attempt. Undefined if there is none. */
    pick(context: PickContext): Endpoint | undefined;
    /** An attempt starts: in flight + 1. */
    begin(endpoint: Endpoint, now: number): void;
    /** How it went: exactly once per `begin`, at the response head or at the failure. */
    report(endpoint: Endpoint, outcome: Outcome, startedAt: number, now: number): void;
    /** The body was cut short after a head that was reported: one more failure, but no new latency. */
    reportCut(endpoint: Endpoint, now: number): void;
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

// dist/dispatch/exchange-request.d.ts
import type { HeaderFields, RequestOptions } from './call.ts';
import type { ExchangeRequest } from './sink.ts';
/** True for the methods that RFC 9110 section 9.2.2 calls idempotent. */
export declare function isIdempotentMethod(method: string): boolean;
/** @throws BAD_REQUEST for a path that is not in origin-form */
export declare function exchangeRequestOf(options: RequestOptions): ExchangeRequest;
/** Name, value, name, value. */
export declare function flatHeaders(fields: HeaderFields | undefined): string[];

// dist/dispatch/sink.d.ts
/**
 * What the caller of an exchange hands in and gets back: a sink for the response, and a handle on its way.
 */
import type { Endpoint } from '../endpoint.ts';
import type { BalancerError } from '../errors.ts';
import type { RawHeaders, UpstreamRequest } from '../transport/transport.ts';
/** Takes one response. The calls come in this order; exactly one of `onEnd` and `onError` is the last. None may throw. */
export interface ResponseSink {
    /**
     * The final response head: the exchange is now committed to `endpoint` and will not be retried.
     * @param headers the fields as the endpoint sent them, connection-level ones included
     */
    onHead(status: number, statusText: string, headers: RawHeaders, endpoint: Endpoint): void;
    /** @returns false to pause the endpoint's connection until `exchange.resume()` */
    onData(chunk: Buffer): boolean;
    onEnd(): void;
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
    /** Gives up. If the exchange is not over, `onError` follows at once with CANCELLED; nothing is counted against the endpoint. */
    abort(reason?: unknown): void;
}

// dist/endpoint.d.ts
import { v } from './options.ts';
/** What is known of an endpoint from its options alone, defaults filled in. */
export interface ResolvedEndpoint {
    /** Unique in its cluster; the endpoint's identity across updates. */
    readonly id: string;
    /** Scheme, host and port, such as `http://10.0.0.1:3000`. */
    readonly origin: string;
    /** Share of the load relative to the others; an integer in 1..65535. */
    readonly weight: number;
    /** 0 is used first; higher numbers only while too few endpoints of the lower ones are well. */
    readonly priority: number;
    readonly tags: Readonly<Record<string, string>>;
    /** The opaque tag that a sticky cookie carries for this endpoint; never an address. */
    readonly route: string;
    /** True if the user named the route, so that the endpoint itself may put it into its cookies. */
    readonly isRouteNamed: boolean;
}
/** One address that can be sent to: a read-only view. What was learned about it belongs to the cluster. */
export interface Endpoint extends ResolvedEndpoint {
    /** Attempts begun and not yet over, bodies included. */
    readonly inflight: number;
    /**
     * What a request has to expect until its response head, in ms, as of `now`: a peak-sensitive moving average, more where requests have
     * failed of late. 0 if nothing was seen yet.
     */
    latencyAt(now: number): number;
    /** Mean age in ms of the attempts that still wait for their response head; 0 if none does. */
    waitingAgeAt(now: number): number;
}
/** What a strategy is told about one attempt. */
export interface PickContext {
    /** Milliseconds on the cluster's clock. */
    readonly now: number;
    /** A 32-bit hash of what the request hangs on (session id, client address); 0 if nothing. */
    readonly key: number;
    /** 0 for the first try, 1 for the first retry, and so on. */
    readonly attempt: number;
    /** The route of the endpoint that the request sticks to. Honoured before any strategy is asked. */
    readonly preferred: string | undefined;
    /** Only the endpoint of `preferred` will do. @default false */
    readonly isStrict?: boolean;
    /** Endpoints that this request has tried already. */
    readonly tried: readonly Endpoint[] | undefined;
}
/** What a user writes to name an endpoint; a string is short for `{ url }`. */
export interface EndpointOptions {
    /** Scheme `http:` or `https:`, host, and port if it is not the scheme's own. No path, query, fragment or credentials. */
    readonly url: string;
    /** @default the origin of `url` */
    readonly id?: string | undefined;
    /** Integer in 1..65535. @default 1 */
    readonly weight?: number | undefined;
    /** Integer in 0..255; 0 is used first, the next one while too few endpoints of it are well. @default 0 */
    readonly priority?: number | undefined;
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
    /** The endpoint sent no response head within `headTimeoutMs`. */
    readonly HEAD_TIMEOUT: 504;
    /** The endpoint sent no body byte for `bodyTimeoutMs`. */
    readonly BODY_TIMEOUT: 504;
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

// dist/health/consecutive-failures.d.ts
import type { EjectionPolicy } from './ejection.ts';
/** When to eject, and for how long. */
export interface ConsecutiveFailuresOptions {
    /** Failures in a row that eject, 1..1000. @default 5 */
    readonly threshold?: number;
    /** The shortest ejection in ms, 1..2^31-1. @default 5_000 */
    readonly baseMs?: number;
    /** The longest ejection in ms, at least `baseMs`. @default 300_000 */
    readonly maxMs?: number;
}
/** Ejects after failures in a row. @throws INVALID_OPTIONS */
export declare function consecutiveFailures(options?: ConsecutiveFailuresOptions): EjectionPolicy;

// dist/health/ejection.d.ts
/**
 * Passive health: judging an endpoint by how real attempts ended. A policy makes one tracker per endpoint; a tracker says for how
 * long to eject. What that does to balancing is the cluster's business.
 */
import type { Random } from '../lib/random.ts';
import type { Outcome } from '../outcome.ts';
/** When an endpoint is ejected and for how long. */
export interface EjectionPolicy {
    readonly name: string;
    /** A fresh judge for one endpoint. */
    track(random: Random): EjectionTracker;
}
/** The judge of one endpoint. */
export interface EjectionTracker {
    /**
     * Takes note of an attempt that ended at `now`. `cancelled` never reaches a tracker.
     * @returns for how many ms to eject, or 0 to keep. Allocates nothing.
     */
    observe(outcome: Outcome, now: number): number;
    /** Called when nothing came of the ejection that `observe` has just asked for: the endpoint is still in use, and still judged. */
    refused?(now: number): void;
    /** Called when the endpoint may be picked again after an ejection. */
    restored(now: number): void;
}

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
    /** The `Host` field. @default the endpoint's own */
    readonly host?: string;
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

// dist/health/probe.d.ts
/**
 * Active health: asking an endpoint whether it is well. A probe says what to ask and when; it reaches the network only through
 * the `ProbeIo` that it is handed.
 */
import type { Endpoint } from '../endpoint.ts';
/** The network as a probe may use it. Each call rejects if it fails or takes longer than `timeoutMs`. */
export interface ProbeIo {
    /** Opens and closes a TCP connection to the endpoint. */
    connect(endpoint: Endpoint, timeoutMs: number): Promise<void>;
    /** One HTTP request on a connection of its own; the body is cut after `maxBodyBytes`. */
    request(endpoint: Endpoint, request: ProbeRequest, timeoutMs: number): Promise<ProbeResponse>;
}
export interface ProbeRequest {
    readonly method: string;
    readonly path: string;
    /** The `Host` field; the endpoint's own if undefined. */
    readonly host: string | undefined;
    readonly maxBodyBytes: number;
}
export interface ProbeResponse {
    readonly status: number;
    readonly body: string;
}
/** When to probe. The defaults are HAProxy's (`inter 2s rise 2 fall 3`, `fastinter` here 500 ms). */
export interface ProbeTiming {
    /** ms between two probes of an endpoint, 10..2^31-1; the first comes after a random share of it. @default 2_000 */
    readonly intervalMs: number;
    /** ms between two probes while the state is in doubt. @default 500, or `intervalMs` if that is less */
    readonly fastIntervalMs: number;
    /** ms until a probe has failed. @default `intervalMs`, at most 2_000 */
    readonly timeoutMs: number;
    /** Passed probes in a row that make a failed endpoint well, 1..100. @default 2 */
    readonly rise: number;
    /** Failed probes in a row that make an endpoint unfit, 1..100. @default 3 */
    readonly fall: number;
}
/** What to ask, and when. */
export interface Probe extends ProbeTiming {
    readonly name: string;
    /** Resolves if the endpoint is well, rejects if not. */
    check(endpoint: Endpoint, io: ProbeIo): Promise<void>;
}

// dist/health/reasons.d.ts
/**
 * Why an endpoint may not be picked. A set, not a state: an endpoint is pickable exactly if it has no reason, so there is no
 * transition that could be illegal.
 */
/** One reason for not being picked. */
export type HealthReason = 'probe-failed' | 'ejected' | 'draining' | 'disabled';
/** The set as bits, since it is looked at on every sticky pick. */
export declare const REASON_BIT: {
    readonly 'probe-failed': 1;
    readonly ejected: 2;
    readonly draining: 4;
    readonly disabled: 8;
};
/** Reasons that an operator gave; panic does not override them. */
export declare const OPERATOR_REASONS: number;

// dist/health/tcp-probe.d.ts
import type { Probe, ProbeTiming } from './probe.ts';
/** When to ask. */
export type TcpProbeOptions = Partial<ProbeTiming>;
/** Passes if a TCP connection comes about within `timeoutMs`. @throws INVALID_OPTIONS */
export declare function tcpProbe(options?: TcpProbeOptions): Probe;

// dist/index.d.ts
export { createCluster } from './dispatch/create-cluster.ts';
export type { ClusterOptions } from './dispatch/cluster-options.ts';
export type { CloseOptions, Cluster, ClusterEvents, DrainOptions } from './dispatch/cluster.ts';
export type { ClusterResponse, ExecuteOptions, HeaderFields, RequestOptions } from './dispatch/call.ts';
export { isIdempotentMethod } from './dispatch/exchange-request.ts';
export type { Exchange, ExchangeRequest, ResponseSink } from './dispatch/sink.ts';
export type { RawHeaders, UpstreamRequest } from './transport/transport.ts';
export type { TlsOptions } from './transport/tls.ts';
export { leastRequest } from './strategies/least-request.ts';
export { peakEwma } from './strategies/peak-ewma.ts';
export { roundRobin } from './strategies/round-robin.ts';
export type { ChoiceOptions } from './strategies/choices.ts';
export type { Picker, Strategy } from './strategies/strategy.ts';
export { consecutiveFailures } from './health/consecutive-failures.ts';
export type { ConsecutiveFailuresOptions } from './health/consecutive-failures.ts';
export { httpProbe } from './health/http-probe.ts';
export type { HttpProbeOptions, StatusRange } from './health/http-probe.ts';
export { tcpProbe } from './health/tcp-probe.ts';
export type { TcpProbeOptions } from './health/tcp-probe.ts';
export type { EjectionPolicy, EjectionTracker } from './health/ejection.ts';
export type { HealthReason } from './health/reasons.ts';
export type { Probe, ProbeIo, ProbeRequest, ProbeResponse, ProbeTiming } from './health/probe.ts';
export { retryBudget } from './retry/retry-budget.ts';
export { retryPolicy } from './retry/retry-policy.ts';
export type { RetryBudget, RetryBudgetOptions } from './retry/retry-budget.ts';
export type { FailedTry, RetryPolicy, RetryPolicyOptions } from './retry/retry-policy.ts';
export { BalancerError, isBalancerError } from './errors.ts';
export type { BalancerErrorOptions, ErrorCode, FailedAttempt } from './errors.ts';
export type { AttemptEndMessage, AttemptStartMessage, ExchangeEndMessage } from './channels.ts';
export type { Endpoint, EndpointOptions, PickContext } from './endpoint.ts';
export type { Outcome } from './outcome.ts';
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
    /** Retries per second that are always allowed, on average over the window, 0..1_000_000. Per process. @default 3 */
    readonly minPerSecond?: number;
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
     * cannot serve now. Not 500, which is a fault in the application and will be there on the next endpoint too. @default [502, 503, 504]
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

// dist/strategies/choices.d.ts
/**
 * The distribution that `leastRequest()` and `peakEwma()` share: compare a few endpoints, drawn in proportion to their weights, and
 * take the least loaded; with few endpoints, compare them all. What "loaded" means is the metric's.
 *
 * Load is `slowness * inflight / weight`, and the weight makes it awkward: is a request to be counted before it is placed, or as
 * placed? Before, any idle endpoint beats any busy one, and a canary of weight 1 beside 99 gets a third of the traffic. As placed,
 * `(inflight + 1) / weight`, it gets nothing until the big one has 98 in flight. Here an endpoint is given up for another only if
 * that one is better both ways: with this request on it, and with a batch of requests shared out by weight. Otherwise the draw
 * stands, and the draw is in proportion. So the weights hold from idle to full load, and where all weights are equal the two ways
 * are one, the plain `inflight + 1`.
 * @see Mitzenmacher 2001, "The power of two choices in randomized load balancing"
 */
import type { Endpoint, PickContext } from '../endpoint.ts';
import type { Random } from '../lib/random.ts';
import type { Picker } from './strategy.ts';
/** How many endpoints a pick looks at. */
export interface ChoiceOptions {
    /** Distinct endpoints that are compared, 1..16; 1 is a random choice in proportion to the weights. @default 2 */
    readonly choices?: number;
    /** Up to this many endpoints, 0..64, all are compared: two draws of three miss the best one too often. @default 8 */
    readonly fullScanUpTo?: number;
}
/** What one request on an endpoint costs. */
export interface Metric {
    /** The answer of the last `look`, relative to other endpoints: 0 to be taken before all of them, Infinity after all. */
    readonly slowness: number;
    /** Leaves its answer in a field, since a fraction that a call returns is a number on the heap unless the call is inlined. */
    look(endpoint: Endpoint, context: PickContext): void;
}
/** Fills in the defaults. @throws INVALID_OPTIONS */
export declare function resolveChoices(where: string, options: ChoiceOptions): Required<ChoiceOptions>;
export declare class ChoicePicker<E extends Endpoint, M extends Metric> implements Picker<E> {
    #private;
    readonly metric: M;
    constructor(endpoints: readonly E[], random: Random, options: Required<ChoiceOptions>, metric: M);
    pick(context: PickContext): E | undefined;
}

// dist/strategies/least-request.d.ts
import type { ChoiceOptions } from './choices.ts';
import type { Strategy } from './strategy.ts';
/** The fewest requests in flight for the weight. A pick is O(choices). @throws INVALID_OPTIONS */
export declare function leastRequest(options?: ChoiceOptions): Strategy;

// dist/strategies/peak-ewma.d.ts
import type { ChoiceOptions } from './choices.ts';
import type { Strategy } from './strategy.ts';
/** The least latency for the requests in flight and the weight. A pick is O(choices). @throws INVALID_OPTIONS */
export declare function peakEwma(options?: ChoiceOptions): Strategy;

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
/** The momentary state of a strategy. */
export interface Picker<E extends Endpoint = Endpoint> {
    /**
     * The endpoint for one attempt, or undefined if the picker has none. Moves the cursor and changes nothing else; called once
     * per attempt, and again if the endpoint was tried before or is at its limit. Allocates nothing.
     */
    pick(context: PickContext): E | undefined;
    /** Told when stickiness, not this picker, chose `endpoint`, so that other traffic can make up for it. */
    charge?(endpoint: E): void;
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
}
/** @param start the first `now()`, in ms. @default 0 */
export declare function manualClock(start?: number): ManualClock;
/** A random source that gives the same sequence for the same seed. @param seed any integer. @default 1 */
export declare function seeded(seed?: number): Random;

// dist/transport/tls.d.ts
/**
 * TLS towards endpoints. Certificates are verified unless the user says otherwise, in so many words.
 */
import type { ConnectionOptions } from 'node:tls';
/** A part of `tls.connect()`'s options, with its defaults: the system's trust, the endpoint's host name as SNI, verification on. */
export type TlsOptions = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'passphrase' | 'pfx' | 'servername' | 'rejectUnauthorized' | 'minVersion' | 'ciphers'>;

// dist/transport/transport.d.ts
/**
 * The seam between choosing an endpoint and talking to it. Its shapes are those of undici's dispatch handlers, so that undici
 * calls an attempt directly and another wire client can do the same.
 */
import type { Readable } from 'node:stream';
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
/** What a transport reports about one attempt, in this order; exactly one of the last two ends it. */
export interface TransportHandler {
    /** A connection is there and the request is about to be written on it. Never called if nothing was sent. */
    onRequestStart(controller: TransportController, context: unknown): void;
    /** Once per response head; statuses below 200 come first and are not final. `controller.rawHeaders` holds the fields. */
    onResponseStart(controller: TransportController, status: number, headers: unknown, statusText?: string): void;
    onResponseData(controller: TransportController, chunk: Buffer): void;
    onResponseEnd(controller: TransportController, trailers: unknown): void;
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
