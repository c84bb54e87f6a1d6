/**
 * Responses that do not go straight on to the client: who takes their body, and what the taker may do with the request.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BalancerError, Endpoint, RawHeaders } from '@evenkeel/core';

/** Gets the body of one response in the client's place. None of the methods throws. */
export interface BodyTaker {
  /** @returns false to pause until `resume()` */
  onData(chunk: Buffer): boolean;
  onEnd(trailers: RawHeaders): void;
  /** The response was cut short, or nobody wants it any more. */
  onError(error: BalancerError): void;
}

/** The request, as far as a response to it is concerned. */
export interface Answerable {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly method: string;
  /** The client's `Host`. */
  readonly host: string | undefined;
  readonly isSecure: boolean;
  /** Nobody is to be told anything any more. */
  readonly isOver: boolean;
  readonly next: ((error?: unknown) => void) | undefined;
  hasSetCookie: boolean;
  hasCacheControl: boolean;
  /** Sends the head as it is, or fails the request. The body follows by itself. */
  sendHead(status: number, reason: string, fields: string[], endpoint: Endpoint | undefined): void;
  /** Sends an answer whole. */
  sendWhole(status: number, reason: string, fields: string[], endpoint: Endpoint, body: Buffer): void;
  /** Adds what keeps the client on its endpoint. */
  stick(fields: string[], endpoint: Endpoint): void;
  /** From now on it is somebody else who writes the response, though a failure is still answered here. */
  leaveResponse(taker: BodyTaker): void;
  /** Goes on with the body. */
  resume(): void;
  /** Gives up the endpoint's response, and nothing else. */
  discard(): void;
  /** An error of a hook, or of anything else: one answer. */
  refuse(error: unknown): void;
  fail(error: BalancerError): void;
  /** Lets go of the endpoint's response and of the request. */
  yieldTo(whom: string): void;
}
