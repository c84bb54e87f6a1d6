/**
 * A body on its way to a client without a copy: each piece is written at once, from where it was read. Mostly the system takes it whole;
 * where it does not, the endpoint waits until it has, since the next piece would be read over this one.
 */
import { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { BodyTaker } from './hooks/body-taker.ts';
import { isHttp2Response } from './http2-response.ts';

/** The response that a body is for. */
export interface Borrower {
  readonly res: ServerResponse;
  readonly taker: BodyTaker | undefined;
  /** -1 if not announced. */
  readonly responseLength: number;
  /** More may come. */
  resume(): void;
}

/** Over TLS writing takes until the next turn at least, and a body of up to this size is rather copied than waited for. */
const COPIED_FOR_TLS_BYTES = 131_072;

/** @returns undefined where somebody else might keep the pieces: middleware, a stream of HTTP/2, a response that waits for another one */
export function loanFor(borrower: Borrower): Loan | undefined {
  const { res, taker, responseLength } = borrower;
  const { socket } = res;
  if (taker !== undefined || socket === null || isHttp2Response(res)) return undefined;
  if (responseLength >= 0 && responseLength <= COPIED_FOR_TLS_BYTES && 'encrypted' in socket) return undefined;
  return res.write === ServerResponse.prototype.write ? new Loan(borrower, socket) : undefined;
}

export class Loan {
  private readonly borrower: Borrower;
  private readonly socket: Socket;
  private isWaiting = false;

  constructor(borrower: Borrower, socket: Socket) {
    this.borrower = borrower;
    this.socket = socket;
  }

  /** @returns false if the piece is needed until `resume` */
  pass(piece: Buffer): boolean {
    const { socket, borrower } = this;
    // Node would put the writing off to the end of this turn.
    socket.cork();
    borrower.res.write(piece, this.onWritten);
    socket.uncork();
    this.isWaiting = socket.writableLength > 0;
    return !this.isWaiting;
  }

  /** Nobody has put himself before the end of the response, which a session store may do, for one. */
  get mayEnd(): boolean {
    return this.borrower.res.end === ServerResponse.prototype.end;
  }

  /** The whole body, and the end with it. @returns false if the piece is needed for longer than this */
  passAll(piece: Buffer): boolean {
    this.borrower.res.end(piece);
    return this.socket.writableLength === 0;
  }

  private readonly onWritten = (): void => {
    if (!this.isWaiting || this.socket.writableLength > 0) return;
    this.isWaiting = false;
    this.borrower.resume();
  };
}
