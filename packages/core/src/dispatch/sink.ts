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
