/**
 * A handler that writes down what it hears, and fails the test if it hears things in an order that a transport must not use.
 */
import type { Duplex } from 'node:stream';
import type { TransportError } from '../../../../packages/core/src/transport/transport-error.ts';
import type { TransportController, TransportHandler } from '../../../../packages/core/src/transport/transport.ts';

export class Hearing implements TransportHandler {
  isWaiting = false;
  isStarted = false;
  readonly interims: number[] = [];
  status = 0;
  reason = '';
  fields: readonly string[] = [];
  /** latin1 */
  body = '';
  chunks = 0;
  trailers: readonly string[] = [];
  isEnded = false;
  error: TransportError | undefined = undefined;
  socket: Duplex | undefined = undefined;
  controller: TransportController | undefined = undefined;
  /** Something was heard after the end, or too early. */
  isBroken = false;
  onHead: () => void = () => undefined;
  onInterim: () => void = () => undefined;
  onChunk: (chunk: Buffer, controller: TransportController) => void = () => undefined;
  takesLoans = false;
  isTransient = false;
  onStart: (controller: TransportController) => void = () => undefined;
  readonly over: Promise<this>;
  private readonly settle: () => void;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<this>();
    this.over = promise;
    this.settle = () => resolve(this);
  }

  get isOver(): boolean {
    return this.isEnded || this.error !== undefined || this.socket !== undefined;
  }

  /** How it ended, in a word. */
  get ending(): string {
    return this.isEnded ? 'whole' : (this.error?.fault ?? this.error?.message ?? 'open');
  }

  onRequestWait(controller: TransportController): void {
    this.assert(!this.isStarted && !this.isWaiting);
    this.isWaiting = true;
    this.controller = controller;
  }

  onRequestStart(controller: TransportController): void {
    this.assert(!this.isStarted);
    this.isStarted = true;
    this.controller = controller;
    this.onStart(controller);
  }

  onResponseStart(controller: TransportController, status: number, _headers: unknown, reason = ''): void {
    this.assert(this.isStarted && this.status === 0);
    if (status < 200) {
      this.interims.push(status);
      this.onInterim();
      return;
    }
    this.status = status;
    this.reason = reason;
    this.fields = controller.rawHeaders as string[];
    this.onHead();
  }

  onResponseData(controller: TransportController, chunk: Buffer): void {
    this.assert(this.status !== 0 && chunk.length > 0);
    this.chunks++;
    this.body += chunk.toString('latin1');
    this.onChunk(chunk, controller);
  }

  onResponseEnd(controller: TransportController): void {
    this.assert(this.status !== 0);
    this.trailers = controller.rawTrailers as string[];
    this.isEnded = true;
    this.settle();
  }

  onRequestUpgrade(controller: TransportController, status: number, _headers: unknown, socket: Duplex): void {
    this.assert(this.isStarted && this.status === 0);
    this.status = status;
    this.fields = controller.rawHeaders as string[];
    this.socket = socket;
    this.settle();
  }

  onResponseError(controller: TransportController | null | undefined, error: Error): void {
    this.assert((controller === null) === !this.isStarted);
    this.error = error as TransportError;
    this.settle();
  }

  private assert(isInOrder: boolean): void {
    this.isBroken ||= !isInOrder || this.isOver;
    if (this.isBroken) throw new Error('the transport speaks out of turn');
  }
}
