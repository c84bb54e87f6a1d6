/**
 * Requests with an `Upgrade` that does not concern endpoints, such as `h2c` (which Java's client sends with its first request by default):
 * a server that does not follow has to answer them as if the field were not there (RFC 9110 section 7.8). But Node has let go of
 * the connection by then. So the head goes back in front of what is on the connection, without that field, and the connection back to the
 * server. The field is gone, so that this happens once. Where Node has begun to read the body, that way is closed: the request is answered
 * on a response of our own, the last one of its connection.
 */
import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { BalancerError } from '@evenkeel/core';
import { answerError } from './error-answer.ts';
import type { ErrorRenderer } from './error-answer.ts';
import { announcesBody } from './upgrade-offer.ts';
import { responseOn } from './upgrade-response.ts';

/** Node parses so many fields at most unless the server has a `maxHeadersCount`, and says nothing of the others. */
const MAX_PARSED_FIELDS = 2_000;

/** Node 25 was the first to read the body of such a request; there is none to be read again. */
const READS_BODY = Number.parseInt(process.versions.node, 10) >= 25;

type HttpServer = EventEmitter & { readonly maxHeadersCount?: number | null };

/**
 * Call it when the connection is free.
 * @param socket what Node has handed over
 * @param early what has come behind the head, or behind the body where Node has read that
 */
export function answerOrdinarily(
  req: IncomingMessage,
  socket: Duplex,
  early: readonly Buffer[],
  render: ErrorRenderer | undefined,
): void {
  const connection: Socket & { server?: HttpServer | null } = req.socket;
  const { server } = connection;
  if (server === undefined || server === null) {
    return refuse(req, socket, render, 'NOT_SUPPORTED', 'the connection is of no server');
  }
  if (READS_BODY && announcesBody(req)) return emitRequest(server, req, responseOn(req, connection));
  // One that Node has left out may be the one that says how long the body is.
  if (req.rawHeaders.length >= 2 * (server.maxHeadersCount ?? MAX_PARSED_FIELDS)) {
    return refuse(req, socket, render, 'HEAD_TOO_LARGE', 'too many header fields');
  }
  // The time-out for idle connections that an earlier response has left behind.
  connection.setTimeout(0);
  // Nothing may flow before the server listens, and all has to flow then, in whatever state Node has left it.
  connection.pause();
  const rest = Buffer.concat(early);
  if (rest.length > 0) connection.unshift(rest);
  connection.unshift(Buffer.from(headWithoutUpgrade(req), 'latin1'));
  server.emit('encrypted' in connection ? 'secureConnection' : 'connection', connection);
  connection.resume();
}

/** As the server does. */
function emitRequest(server: HttpServer, req: IncomingMessage, res: ServerResponse): void {
  const isAwaited = req.httpVersion === '1.1' && /\b100-continue\b/i.test(req.headers.expect ?? '');
  if (isAwaited && server.listenerCount('checkContinue') > 0) return void server.emit('checkContinue', req, res);
  if (isAwaited) res.writeContinue();
  server.emit('request', req, res);
}

function headWithoutUpgrade({ method, url, httpVersion, rawHeaders }: IncomingMessage): string {
  let head = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    const lower = name.toLowerCase();
    if (lower === 'upgrade' || lower === 'http2-settings') continue;
    const value = lower === 'connection' ? withoutUpgrade(rawHeaders[i + 1]!) : rawHeaders[i + 1]!;
    head += `${name}: ${value}\r\n`;
  }
  return `${head}\r\n`;
}

function withoutUpgrade(connection: string): string {
  const options = connection.split(',').filter((option) => !/^\s*(upgrade|http2-settings)\s*$/i.test(option));
  return options.join(',').trim();
}

function refuse(
  req: IncomingMessage,
  socket: Duplex,
  render: ErrorRenderer | undefined,
  code: 'NOT_SUPPORTED' | 'HEAD_TOO_LARGE',
  message: string,
): void {
  answerError(new BalancerError(code, message), req, responseOn(req, socket), render);
}
