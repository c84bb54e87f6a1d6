/**
 * The hand-written pass-through that the others are compared with: as little as a proxy over undici can do, and less than one
 * should. It copies header fields as they are, but for those that undici refuses; it ignores back-pressure, a client that leaves
 * and an endpoint that fails; nothing is retried or ejected. Not for use.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Pool } from 'undici';
import type { Dispatcher } from 'undici';
import type { OnRequest, OnUpgrade } from '../listen.ts';

const REFUSED = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade']);

/** Serves on each of the origins in turn. */
export interface PassThrough {
  readonly onRequest: OnRequest;
  readonly onUpgrade: OnUpgrade;
}

export function passThrough(origins: readonly string[]): PassThrough {
  const pools = origins.map((origin) => new Pool(origin, { pipelining: 1, allowH2: false }));
  let turn = 0;
  function send(req: IncomingMessage, upgrade: string | null, handler: Dispatcher.DispatchHandler): void {
    turn = (turn + 1) % pools.length;
    pools[turn]!.dispatch(
      {
        path: req.url!,
        method: req.method as Dispatcher.HttpMethod,
        headers: kept(req.rawHeaders),
        body: req.method === 'GET' ? null : req,
        upgrade,
      },
      handler,
    );
  }
  return {
    onRequest: (req, res) => send(req, null, new PassingResponse(res)),
    onUpgrade: (req, socket) => send(req, 'websocket', new PassingUpgrade(socket)),
  };
}

function kept(raw: readonly (string | Buffer)[]): string[] {
  const fields: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toString('latin1');
    // Of HTTP/2's pseudo fields, whose names begin with a colon, the rest is in the request line.
    if (name === ':authority') fields.push('host', raw[i + 1]!.toString('latin1'));
    else if (name[0] !== ':' && !REFUSED.has(name.toLowerCase())) fields.push(name, raw[i + 1]!.toString('latin1'));
  }
  return fields;
}

function rawHeadersOf(controller: Dispatcher.DispatchController): Buffer[] {
  return (controller as unknown as { rawHeaders: Buffer[] }).rawHeaders;
}

class PassingResponse implements Dispatcher.DispatchHandler {
  readonly #res: Parameters<OnRequest>[1];

  constructor(res: Parameters<OnRequest>[1]) {
    this.#res = res;
  }

  onRequestStart(): void {}

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    this.#res.writeHead(status, kept(rawHeadersOf(controller)));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#res.write(chunk);
  }

  onResponseEnd(): void {
    this.#res.end();
  }

  onResponseError(): void {
    this.#res.destroy();
  }
}

class PassingUpgrade implements Dispatcher.DispatchHandler {
  readonly #socket: Duplex;

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  onRequestStart(): void {}

  onRequestUpgrade(
    controller: Dispatcher.DispatchController,
    _status: number,
    _headers: Record<string, string | string[]>,
    upstream: Duplex,
  ): void {
    const fields = ['Connection', 'Upgrade', 'Upgrade', 'websocket', ...kept(rawHeadersOf(controller))];
    let head = 'HTTP/1.1 101 Switching Protocols\r\n';
    for (let i = 0; i < fields.length; i += 2) head += `${fields[i]}: ${fields[i + 1]}\r\n`;
    this.#socket.write(`${head}\r\n`);
    const end = (): void => {
      upstream.destroy();
      this.#socket.destroy();
    };
    for (const socket of [upstream, this.#socket]) socket.on('error', end).on('close', end);
    upstream.pipe(this.#socket);
    this.#socket.pipe(upstream);
  }

  onResponseStart(): void {}

  onResponseData(): void {}

  onResponseEnd(): void {
    this.#socket.destroy();
  }

  onResponseError(): void {
    this.#socket.destroy();
  }
}
