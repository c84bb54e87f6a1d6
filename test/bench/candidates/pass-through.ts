/**
 * The hand-written pass-through that the others are compared with: as little as a proxy over undici can do, and less than one
 * should. It copies header fields as they are, but for those that undici refuses; it ignores back-pressure, a client that leaves
 * and an endpoint that fails; nothing is retried or ejected. Not for use.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Pool } from 'undici';
import type { Dispatcher } from 'undici';

const REFUSED = new Set(['connection', 'keep-alive', 'transfer-encoding']);

/** @returns what serves one request, on each of the origins in turn */
export function passThrough(origins: readonly string[]): (req: IncomingMessage, res: ServerResponse) => void {
  const pools = origins.map((origin) => new Pool(origin, { pipelining: 1, allowH2: false }));
  let turn = 0;
  return (req, res) => {
    turn = (turn + 1) % pools.length;
    pools[turn]!.dispatch(
      {
        path: req.url!,
        method: req.method as Dispatcher.HttpMethod,
        headers: kept(req.rawHeaders),
        body: req.method === 'GET' ? null : req,
      },
      new PassingResponse(res),
    );
  };
}

function kept(raw: readonly (string | Buffer)[]): string[] {
  const fields: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toString('latin1');
    if (!REFUSED.has(name.toLowerCase())) fields.push(name, raw[i + 1]!.toString('latin1'));
  }
  return fields;
}

class PassingResponse implements Dispatcher.DispatchHandler {
  readonly #res: ServerResponse;

  constructor(res: ServerResponse) {
    this.#res = res;
  }

  onRequestStart(): void {}

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    this.#res.writeHead(status, kept((controller as unknown as { rawHeaders: Buffer[] }).rawHeaders));
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
