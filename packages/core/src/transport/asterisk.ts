/**
 * `OPTIONS *` (RFC 9110 section 9.3.7), which undici cannot send: one request over `node:http` on a connection of its own.
 */
import http from 'node:http';
import https from 'node:https';
import type { Endpoint } from '../endpoint.ts';
import { addressOf } from './address.ts';
import { identityOptions } from './tls.ts';
import type { TlsOptions } from './tls.ts';
import { TransportError } from './transport-error.ts';
import type { TransportController, TransportHandler, UpstreamRequest } from './transport.ts';

export function sendAsterisk(
  endpoint: Endpoint,
  request: UpstreamRequest,
  headTimeoutMs: number,
  tls: TlsOptions | undefined,
  handler: TransportHandler,
): void {
  const { body } = request;
  if (body !== null && !Buffer.isBuffer(body)) {
    handler.onResponseError(
      null,
      new TransportError('bad-request', 'OPTIONS * with a body that is not at hand as a whole'),
    );
    return;
  }
  const { host, port, isTls, socketPath } = addressOf(endpoint);
  const outgoing = (isTls ? https : http).request({
    ...identityOptions(host),
    ...tls,
    host,
    port,
    ...(socketPath !== undefined && { socketPath }),
    method: request.method,
    path: '*',
    headers: framed(withHost(request.headers, new URL(endpoint.origin).host), body),
    agent: false,
    timeout: headTimeoutMs,
  });
  new AsteriskAttempt(outgoing, handler).listen(isTls ? 'secureConnect' : 'connect');
  outgoing.end(body ?? undefined);
}

/** Tells the handler what Node's client says, each thing once. */
class AsteriskAttempt implements TransportController {
  rawHeaders: string[] = [];
  private readonly outgoing: http.ClientRequest;
  private readonly handler: TransportHandler;
  private incoming: http.IncomingMessage | undefined = undefined;
  private isConnected = false;
  private isOver = false;

  constructor(outgoing: http.ClientRequest, handler: TransportHandler) {
    this.outgoing = outgoing;
    this.handler = handler;
  }

  listen(connectEvent: 'connect' | 'secureConnect'): void {
    const { outgoing, handler } = this;
    outgoing.on('socket', (socket) => {
      socket.once(connectEvent, () => {
        this.isConnected = true;
        handler.onRequestStart(this, {});
      });
    });
    outgoing.on('timeout', () => {
      outgoing.destroy(Object.assign(new Error('no response head in time'), { code: 'UND_ERR_HEADERS_TIMEOUT' }));
    });
    outgoing.on('response', (response) => this.read(response));
    outgoing.on('error', (error) => this.fail(error));
    outgoing.on('close', () => this.fail(new Error('the connection ended without a response')));
  }

  abort(reason: Error): void {
    this.outgoing.destroy(reason);
  }

  pause(): void {
    this.incoming?.pause();
  }

  resume(): void {
    this.incoming?.resume();
  }

  private read(response: http.IncomingMessage): void {
    this.incoming = response;
    this.rawHeaders = response.rawHeaders;
    response.on('error', (error) => this.fail(error));
    this.handler.onResponseStart(this, response.statusCode ?? 0, {}, response.statusMessage ?? '');
    response.on('data', (chunk: Buffer) => {
      if (!this.isOver) this.handler.onResponseData(this, chunk);
    });
    response.on('end', () => {
      if (this.isOver) return;
      this.isOver = true;
      this.handler.onResponseEnd(this, {});
    });
  }

  private fail(error: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.handler.onResponseError(this.isConnected ? this : null, error);
  }
}

/** Node frames no body of OPTIONS by itself: without its length it would be the next request. */
function framed(headers: string[], body: Buffer | null): string[] {
  const hasLength = headers.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'content-length');
  return body === null || hasLength ? headers : [...headers, 'Content-Length', String(body.length)];
}

function withHost(headers: readonly string[], host: string): string[] {
  const hasHost = headers.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
  return hasHost ? [...headers] : ['Host', host, ...headers];
}
