/**
 * The way of a response to the client, over the one object that the request is: head, body, end. A short answer goes out in one piece, and
 * a head whose body may be long in coming goes ahead of it.
 */
import { BalancerError, isBalancerError } from '@evenkeel/core';
import type { Endpoint, RawHeaders } from '@evenkeel/core';
import type { Affinity, StickyResponse } from './affinity/affinity.ts';
import type { Answerable, BodyTaker } from './hooks/body-taker.ts';
import { answerWithHooks } from './hooks/response-hooks.ts';
import { isHttp2Response } from './http2-response.ts';
import type { InboundHost } from './inbound-host.ts';
import type { Loan } from './loan.ts';
import { reasonPhrase, responseHead, writeHead } from './response-head.ts';
import type { ResponseHeadFacts } from './response-head.ts';
import { addTrailers, announceTrailers } from './trailers.ts';

/** Up to this size an answer's head and body go out as one string, which is one write instead of a gathered two. */
const MAX_INLINE_BYTES = 4_096;

/** A request whose response is on its way. */
export interface OpenResponse extends Answerable, ResponseHeadFacts, StickyResponse {
  readonly shared: InboundHost;
  readonly httpVersion: string;
  readonly affinity: Affinity | undefined;
  isOver: boolean;
  isDetour: boolean;
  hasSetCookie: boolean;
  hasCacheControl: boolean;
  /** Our head is on the response. */
  hasHead: boolean;
  hasData: boolean;
  hasDrainListener: boolean;
  /** The whole body, if it came in one piece; its end is next. */
  held: Buffer | undefined;
  /** The body passes without a copy. */
  readonly loan: Loan | undefined;
  /** Who gets the body in the client's place. */
  taker: BodyTaker | undefined;
  /** Lets go of the endpoint's side. */
  release(reason: BalancerError | undefined): void;
}

export function passHead(
  response: OpenResponse,
  status: number,
  statusText: string,
  headers: RawHeaders,
  endpoint: Endpoint | undefined,
): void {
  let fields: string[];
  try {
    fields = responseHead(status, headers, response);
  } catch (error) {
    response.fail(balancerErrorOf(error));
    return;
  }
  const reason = reasonPhrase(status, statusText);
  const hooks = response.shared.responseHooks;
  if (hooks === undefined || endpoint === undefined) sendHead(response, status, reason, fields, endpoint);
  else response.taker = answerWithHooks(hooks, response, status, reason, fields, endpoint);
}

/** Puts the head on the response, or fails the request. */
export function sendHead(
  response: OpenResponse,
  status: number,
  reason: string,
  fields: string[],
  endpoint: Endpoint | undefined,
): void {
  try {
    // What the cluster's fallback says belongs to no endpoint, and nobody is to stick to it.
    if (endpoint !== undefined) stick(response, fields, endpoint);
    if (response.responseTrailer !== undefined && mayTrail(response, status)) {
      announceTrailers(fields, response.responseTrailer);
    }
    writeHead(response.res, status, reason, fields);
    response.hasHead = true;
  } catch (error) {
    response.fail(balancerErrorOf(error));
    return;
  }
  if (response.responseLength >= 0 && response.responseLength <= MAX_INLINE_BYTES) return;
  // By then it is known whether the end has come along with the head.
  if (isHttp2Response(response.res)) setImmediate(flushHead, response);
  else process.nextTick(flushHead, response);
}

/** Sends an answer whose body is at hand. */
export function sendWhole(
  response: OpenResponse,
  status: number,
  reason: string,
  fields: string[],
  endpoint: Endpoint,
  body: Buffer,
): void {
  response.responseLength = body.length;
  response.responseTrailer = undefined;
  sendHead(response, status, reason, fields, endpoint);
  if (response.isOver) return;
  response.isOver = true;
  response.res.end(body);
  response.release(undefined);
}

/** Adds what keeps the client on its endpoint. */
export function stick(response: OpenResponse, fields: string[], endpoint: Endpoint): void {
  if (response.affinity === undefined) return;
  response.hasCacheControl ||= response.res.hasHeader('cache-control');
  response.affinity.writeResponse(fields, response, endpoint);
}

export function passData(response: OpenResponse, chunk: Buffer): boolean {
  if (response.isOver) return true;
  if (response.taker !== undefined) return response.taker.onData(chunk);
  if (isEnded(response)) return true;
  const isWhole = !response.hasData && chunk.length === response.responseLength;
  response.hasData = true;
  if (response.loan !== undefined)
    return isWhole && response.loan.mayEnd ? passAll(response, response.loan, chunk) : response.loan.pass(chunk);
  if (isWhole) {
    // Its end is next, and everything goes out at once.
    response.held = chunk;
    return true;
  }
  if (response.res.write(chunk)) return true;
  if (!response.hasDrainListener) {
    response.hasDrainListener = true;
    // Not a shared function: middleware that compresses has `drain` come from its own stream, which does not know the request.
    response.res.on('drain', () => response.resume());
  }
  return false;
}

/** The whole body in one piece, which is only there until this returns. */
function passAll(response: OpenResponse, loan: Loan, body: Buffer): boolean {
  response.isOver = true;
  const isWritten = loan.passAll(body);
  response.release(undefined);
  return isWritten;
}

export function passEnd(response: OpenResponse, trailers: RawHeaders): void {
  if (response.isOver) return;
  if (response.taker !== undefined) return response.taker.onEnd(trailers);
  if (isEnded(response)) return;
  response.isOver = true;
  const { held, res } = response;
  if (trailers.length > 0) addTrailers(res, trailers);
  if (held === undefined) res.end();
  else if (held.length > MAX_INLINE_BYTES) res.end(held);
  else res.end(held.toString('latin1'), 'latin1');
  response.release(undefined);
}

/** The head on its own, in latin1; `flushHeaders()` would write it as UTF-8. */
function flushHead(response: OpenResponse): void {
  if (response.isOver || response.hasData || isEnded(response)) return;
  if (isHttp2Response(response.res)) response.res.flushHeaders();
  else response.res.write('', 'latin1');
}

/** True if something else has ended the response: writing on would be an error event that nobody listens to. */
function isEnded(response: OpenResponse): boolean {
  if (!response.res.writableEnded) return false;
  response.yieldTo('something else has ended the response');
  return true;
}

/** True if the response is one that can have fields after its body. */
function mayTrail({ method, responseLength, httpVersion }: OpenResponse, status: number): boolean {
  const hasBody = method !== 'HEAD' && status !== 204 && status !== 304;
  return hasBody && responseLength < 0 && httpVersion !== '1.0';
}

function balancerErrorOf(error: unknown): BalancerError {
  if (isBalancerError(error)) return error;
  return new BalancerError('BAD_RESPONSE', 'the response head cannot be passed on', { cause: error });
}
