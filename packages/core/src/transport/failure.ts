/**
 * What a transport's errors mean, in the words of the two parties concerned: a code for the caller, an outcome for the endpoint's judges.
 */
import { Readable } from 'node:stream';
import type { ErrorCode } from '../errors.ts';
import type { Outcome } from '../outcome.ts';
import type { UpstreamRequest } from './transport.ts';
import { TransportError } from './transport-error.ts';
import type { TransportFault } from './transport-error.ts';

/** An attempt that ended without a whole response. */
export interface Failure {
  readonly code: ErrorCode;
  readonly outcome: Outcome;
  /** The endpoint has done nothing with the request, although it was sent. */
  readonly isUnprocessed?: true;
}

const CANCELLED: Failure = { code: 'CANCELLED', outcome: 'cancelled' };
const REFUSED_BY_US: Failure = { code: 'BAD_REQUEST', outcome: 'cancelled' };
const CONNECT_FAILED: Failure = { code: 'CONNECT_FAILED', outcome: 'connect-error' };
const RESET: Failure = { code: 'UPSTREAM_RESET', outcome: 'reset' };
const BAD_RESPONSE: Failure = { code: 'BAD_RESPONSE', outcome: 'reset' };

const BY_FAULT: Readonly<Record<TransportFault, Failure>> = {
  'connect-timeout': { code: 'CONNECT_TIMEOUT', outcome: 'connect-error' },
  'connect-failed': CONNECT_FAILED,
  'head-timeout': { code: 'HEAD_TIMEOUT', outcome: 'timeout' },
  'body-timeout': { code: 'BODY_TIMEOUT', outcome: 'timeout' },
  'bad-response': BAD_RESPONSE,
  reset: RESET,
  unprocessed: { code: 'UPSTREAM_RESET', outcome: 'reset', isUnprocessed: true },
  'bad-request': REFUSED_BY_US,
};

/** undici's. */
const BY_CODE: Readonly<Record<string, Failure>> = {
  UND_ERR_CONNECT_TIMEOUT: BY_FAULT['connect-timeout'],
  UND_ERR_HEADERS_TIMEOUT: BY_FAULT['head-timeout'],
  UND_ERR_BODY_TIMEOUT: BY_FAULT['body-timeout'],
  UND_ERR_HEADERS_OVERFLOW: BAD_RESPONSE,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: BAD_RESPONSE,
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: REFUSED_BY_US,
  UND_ERR_INVALID_ARG: REFUSED_BY_US,
  UND_ERR_NOT_SUPPORTED: REFUSED_BY_US,
  UND_ERR_ABORTED: CANCELLED,
};

/** @param isSent whether any byte of the request may have left */
export function failureOf(error: Error, isSent: boolean, request: UpstreamRequest): Failure {
  // The caller's own stream broke: whatever the connection says about it is our doing.
  if (request.body instanceof Readable && request.body.errored !== null) return CANCELLED;
  if (error instanceof TransportError) return BY_FAULT[error.fault];
  const code = String(Reflect.get(error, 'code') ?? '');
  const known = BY_CODE[code] ?? (code.startsWith('HPE_') ? BAD_RESPONSE : undefined);
  return known ?? (isSent ? RESET : CONNECT_FAILED);
}
