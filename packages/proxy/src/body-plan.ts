/**
 * What to do with a request body: small ones are held as a whole, so that they can be sent to another endpoint if the first one
 * fails; large ones pass through.
 */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { BalancerError } from '@evenkeel/core';

/** `none`: there is no body. `hold`: read it whole before the first attempt. `stream`: send it as it comes. */
export type BodyPlan = 'none' | 'hold' | 'stream';

/** What is known about the body before a byte of it is read. */
export interface BodyFacts {
  /** -1 if not announced. */
  readonly contentLength: number;
  readonly isChunked: boolean;
  readonly isIdempotent: boolean;
  /** Fields after the body are announced: they have no place behind a body that is held. */
  readonly trailer: string | undefined;
  /** The client waits for the endpoint to want the body. */
  readonly isContinueExpected: boolean;
}

/**
 * Pure. A body of unknown length is held only if that could help: a request that may not be repeated gains nothing by waiting.
 * @throws BODY_TOO_LARGE if the announced length is
 */
export function bodyPlan(facts: BodyFacts, maxHeldBytes: number, maxBodyBytes: number): BodyPlan {
  const mayHold = !facts.isContinueExpected && facts.trailer === undefined;
  if (facts.isChunked) return mayHold && facts.isIdempotent && maxHeldBytes > 0 ? 'hold' : 'stream';
  if (facts.contentLength <= 0) return 'none';
  if (facts.contentLength > maxBodyBytes) throw bodyTooLarge();
  return mayHold && facts.contentLength <= maxHeldBytes ? 'hold' : 'stream';
}

/** True if something has read of the body, which is not there any more then. */
export function isConsumed(req: IncomingMessage): boolean {
  return req.readableDidRead || req.readableEnded;
}

/**
 * Guessing a body back from `req.body` would send something else.
 * @throws BODY_CONSUMED
 */
export function assertUnread(req: IncomingMessage): void {
  if (!isConsumed(req)) return;
  throw new BalancerError(
    'BODY_CONSUMED',
    'the request body was read before it reached balance(): mount balance() before express.json(), koa-bodyparser and other ' +
      'body parsers, keep them to the paths that are not balanced, or make the body again with the `body` option',
  );
}

export function bodyTooLarge(): BalancerError {
  return new BalancerError('BODY_TOO_LARGE', 'the request body is too large');
}

/** Reads a body whole, or gives up on that and hands over what it has so far. */
export interface BodyHolder {
  onHeld(body: Buffer): void;
  /** More than `maxHeldBytes` have come: `bytes` of them, in `first`. */
  onOverflow(first: Buffer[], bytes: number): void;
}

/** Takes the body's bytes. At the end exactly one of the holder's two methods has been called, or none if the client left. */
export function holdBody(req: IncomingMessage, maxHeldBytes: number, holder: BodyHolder): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  function onData(chunk: Buffer): void {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes <= maxHeldBytes) return;
    req.off('data', onData).off('end', onEnd).pause();
    holder.onOverflow(chunks, bytes);
  }
  function onEnd(): void {
    holder.onHeld(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes));
  }
  req.on('data', onData).on('end', onEnd);
}

/**
 * A body on its way, at the pace of its reader. It is a stream of its own because the transport destroys the body of a failed
 * attempt, and destroying the client's request would cut the connection that the answer has to go out on.
 * @param first what was read already
 * @param onTaken is told of what is read beyond that
 */
export function passingBody(
  req: IncomingMessage,
  first: readonly Buffer[] | undefined,
  maxBytes: number,
  onTooLarge: () => void,
  onTaken?: (chunk: Buffer) => void,
): Readable {
  let bytes = 0;
  let isAttached = false;
  function pass(chunk: Buffer): void {
    bytes += chunk.length;
    if (bytes > maxBytes) onTooLarge();
    else if (!body.push(chunk)) req.pause();
  }
  function onData(chunk: Buffer): void {
    onTaken?.(chunk);
    pass(chunk);
  }
  function onEnd(): void {
    body.push(null);
  }
  const body = new Readable({
    read() {
      req.resume();
      if (isAttached) return;
      isAttached = true;
      req.on('data', onData).on('end', onEnd);
      // If this fills the buffer, it pauses the request again.
      first?.forEach(pass);
      // Of one that begins again, the end may have come before.
      if (req.readableEnded) onEnd();
    },
    destroy(error, callback) {
      req.off('data', onData).off('end', onEnd);
      callback(error);
    },
  });
  body.on('error', ignore);
  return body;
}

function ignore(): void {}
