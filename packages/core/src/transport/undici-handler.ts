import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TransportController, TransportHandler } from './transport.ts';

/**
 * What undici calls in place of an attempt: it has decoded the reason phrase as UTF-8, where a transport gives latin1, byte for byte. Also
 * says 100 in the endpoint's place, for undici cannot ask it.
 */
export class UndiciHandler implements TransportHandler {
  private readonly handler: TransportHandler;
  private readonly isContinueExpected: boolean;

  constructor(handler: TransportHandler, isContinueExpected: boolean) {
    this.handler = handler;
    this.isContinueExpected = isContinueExpected;
  }

  onRequestStart(controller: TransportController, context: unknown): void {
    this.handler.onRequestStart(controller, context);
    if (this.isContinueExpected) this.handler.onResponseStart(NO_FIELDS, 100, []);
  }

  onResponseStart(controller: TransportController, status: number, headers: unknown, statusText = ''): void {
    this.handler.onResponseStart(controller, status, headers, latin1Of(status, statusText));
  }

  onResponseData(controller: TransportController, chunk: Buffer): void {
    this.handler.onResponseData(controller, chunk);
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
