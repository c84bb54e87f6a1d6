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
