import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TransportController, TransportHandler } from './transport.ts';

/**
 * What undici calls in place of an attempt: it has decoded the reason phrase as UTF-8, where a transport gives latin1, byte for byte. Also
 * says 100 in the endpoint's place, for undici cannot ask it; and stands before undici's controller, whose `resume` parses what has come at
 * once: within a call of another response's parser that is an error, and a client that drains may be noticed there.
 */
export class UndiciHandler implements TransportHandler, TransportController {
  private readonly handler: TransportHandler;
  private readonly isContinueExpected: boolean;
  private controller: TransportController | undefined = undefined;
  private isPaused = false;

  constructor(handler: TransportHandler, isContinueExpected: boolean) {
    this.handler = handler;
    this.isContinueExpected = isContinueExpected;
  }

  abort(reason: Error): void {
    this.controller?.abort(reason);
  }

  pause(): void {
    this.isPaused = true;
    this.controller?.pause();
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    process.nextTick(resumeLater, this);
  }

  resumeNow(): void {
    if (!this.isPaused) this.controller?.resume();
  }

  onRequestStart(controller: TransportController, context: unknown): void {
    this.controller = controller;
    this.handler.onRequestStart(this, context);
    if (this.isContinueExpected) this.handler.onResponseStart(NO_FIELDS, 100, []);
  }

  onResponseStart(controller: TransportController, status: number, headers: unknown, statusText = ''): void {
    this.handler.onResponseStart(controller, status, headers, latin1Of(status, statusText));
  }

  onResponseData(_controller: TransportController, chunk: Buffer): void {
    this.handler.onResponseData(this, chunk);
  }

  onResponseEnd(controller: TransportController, trailers: unknown): void {
    this.handler.onResponseEnd(controller, trailers);
  }

  onRequestUpgrade(controller: TransportController, status: number, headers: unknown, socket: Duplex): void {
    this.handler.onRequestUpgrade(controller, status, headers, socket);
  }

  onResponseError(controller: TransportController | null | undefined, error: Error): void {
    this.handler.onResponseError(controller, error);
  }
}

function resumeLater(handler: UndiciHandler): void {
  handler.resumeNow();
}

/** The controller of a response head without fields. */
const NO_FIELDS: TransportController = {
  rawHeaders: [],
  abort: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
};

/** The phrase as it was on the wire; the usual one for the status if that is lost. */
function latin1Of(status: number, decoded: string): string {
  if (!/[^\x20-\x7e]/.test(decoded)) return decoded;
  return decoded.includes('\ufffd') ? (STATUS_CODES[status] ?? '') : Buffer.from(decoded, 'utf8').toString('latin1');
}
