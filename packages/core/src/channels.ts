/**
 * What happens per request, for tracing and metrics: `node:diagnostics_channel` channels that cost one comparison while nobody
 * listens. Times are milliseconds on the cluster's clock.
 */
import { channel } from 'node:diagnostics_channel';
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
export const attemptStart: Channel = channel('evenkeel:attempt:start');
/** `evenkeel:attempt:end` carries an `AttemptEndMessage`. */
export const attemptEnd: Channel = channel('evenkeel:attempt:end');
/** `evenkeel:exchange:end` carries an `ExchangeEndMessage`. */
export const exchangeEnd: Channel = channel('evenkeel:exchange:end');
