/**
 * What happens per request, for tracing and metrics: `node:diagnostics_channel` channels that cost one comparison while nobody
 * listens. Times are milliseconds on the cluster's clock.
 */
import { channel } from 'node:diagnostics_channel';
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
export const attemptStart: Channel = channel('evenkeel:attempt:start');
/** `evenkeel:attempt:end` carries an `AttemptEndMessage`. */
export const attemptEnd: Channel = channel('evenkeel:attempt:end');
/** `evenkeel:exchange:end` carries an `ExchangeEndMessage`. */
export const exchangeEnd: Channel = channel('evenkeel:exchange:end');
/** `evenkeel:probe:end` carries a `ProbeEndMessage`. */
export const probeEnd: Channel = channel('evenkeel:probe:end');
