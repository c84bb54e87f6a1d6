/**
 * Whose an error is. What a function of the application throws is the application's mistake, and so is what only a change in it can cure.
 */
import type { ServerResponse } from 'node:http';
import { BalancerError, isBalancerError } from '@evenkeel/core';
import type { ErrorCode } from '@evenkeel/core';

const MISTAKES: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['BODY_CONSUMED', 'INVALID_OPTIONS']);

function isMistake(error: unknown): boolean {
  return !isBalancerError(error) || MISTAKES.has(error.code);
}

/** The error as the proxy answers it. */
function answerableError(error: unknown): BalancerError {
  if (isBalancerError(error)) return error;
  return new BalancerError('INVALID_OPTIONS', 'the proxy failed', { cause: error });
}

/** Who hears of an error: the application, by `next`, or the client. */
export interface Refusable {
  readonly res: ServerResponse;
  readonly next: ((error?: unknown) => void) | undefined;
  yieldTo(whom: string): void;
  fail(error: BalancerError): void;
}

/** Ends a request that has no response head yet: the application's own errors go to the application. */
export function refuse(request: Refusable, error: unknown): void {
  const { next, res } = request;
  if (!isMistake(error) || next === undefined || res.headersSent) return request.fail(answerableError(error));
  request.yieldTo('the application handles the error');
  // Whoever is below on the stack, such as the transport, is no place for what `next` may throw.
  process.nextTick(next, error ?? answerableError(error));
}
