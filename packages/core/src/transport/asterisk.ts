/**
 * `OPTIONS *` (RFC 9110 section 9.3.7), which undici cannot send: one request over `node:http` on a connection of its own.
 */
import http from 'node:http';
import https from 'node:https';
import type { Endpoint } from '../endpoint.ts';
import type { TlsOptions } from './tls.ts';
import type { TransportController, TransportHandler, UpstreamRequest } from './transport.ts';

export function sendAsterisk(
  endpoint: Endpoint,
  request: UpstreamRequest,
  headTimeoutMs: number,
  tls: TlsOptions | undefined,
  handler: TransportHandler,
): void {
  const { protocol, hostname, port } = new URL(endpoint.origin);
  const client = protocol === 'https:' ? https : http;
  const outgoing = client.request({
    ...tls,
    host: hostname.replace(/^\[|\]$/g, ''),
    port,
    method: request.method,
    path: '*',
    headers: withHost(request.headers, new URL(endpoint.origin).host),
    agent: false,
    timeout: headTimeoutMs,
  });
  const controller: TransportController & { rawHeaders: string[] } = {
    rawHeaders: [],
    abort: (reason) => void outgoing.destroy(reason),
    pause: () => void incoming?.pause(),
    resume: () => void incoming?.resume(),
  };
  let incoming: http.IncomingMessage | undefined;
  let isConnected = false;
  let isOver = false;
  function fail(error: Error): void {
    if (isOver) return;
    isOver = true;
    handler.onResponseError(isConnected ? controller : null, error);
  }
  outgoing.on('socket', (socket) => {
    socket.once(protocol === 'https:' ? 'secureConnect' : 'connect', () => {
      isConnected = true;
      handler.onRequestStart(controller, {});
    });
  });
  outgoing.on('timeout', () => {
    outgoing.destroy(Object.assign(new Error('no response head in time'), { code: 'UND_ERR_HEADERS_TIMEOUT' }));
  });
  outgoing.on('error', fail);
  outgoing.on('close', () => fail(new Error('the connection ended without a response')));
  outgoing.on('response', (response) => {
    incoming = response;
    controller.rawHeaders = response.rawHeaders;
    response.on('error', fail);
    handler.onResponseStart(controller, response.statusCode ?? 0, {}, response.statusMessage ?? '');
    response.on('data', (chunk: Buffer) => {
      if (!isOver) handler.onResponseData(controller, chunk);
    });
    response.on('end', () => {
      if (isOver) return;
      isOver = true;
      handler.onResponseEnd(controller, {});
    });
  });
  outgoing.end(Buffer.isBuffer(request.body) ? request.body : undefined);
}

function withHost(headers: readonly string[], host: string): string[] {
  const hasHost = headers.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
  return hasHost ? [...headers] : ['Host', host, ...headers];
}
