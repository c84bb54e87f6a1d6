import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Protocol } from './scenarios.ts';

/** A candidate waits for its next turn longer than the 5 s after which Node closes a connection that nobody uses. */
export const KEPT_ALIVE_MS = 600_000;

/** For tests and benches only. */
export const CERTIFICATE_FILE: string = fileURLToPath(new URL('../core/dispatch/fixtures/cert.pem', import.meta.url));
export const KEY_FILE: string = fileURLToPath(new URL('../core/dispatch/fixtures/key.pem', import.meta.url));

export type OnRequest = (req: IncomingMessage, res: ServerResponse) => void;
export type OnUpgrade = (req: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** For `createSecureServer()` and its like. */
export function certificate(): { readonly cert: Buffer; readonly key: Buffer } {
  return { cert: readFileSync(CERTIFICATE_FILE), key: readFileSync(KEY_FILE) };
}

/** @returns the port that was free */
export function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

/** A server of Node's for what clients speak. @returns its port */
export function serve(protocol: Protocol, onRequest: OnRequest, onUpgrade?: OnUpgrade): Promise<number> {
  if (protocol === 'http/2') {
    return listen(createSecureServer(certificate(), onRequest as unknown as OnHttp2Request));
  }
  const server = createServer({ keepAliveTimeout: KEPT_ALIVE_MS }, onRequest);
  if (onUpgrade !== undefined) server.on('upgrade', onUpgrade);
  return listen(server);
}

/** Node's compatibility layer says that these are the same, all but to the compiler. */
type OnHttp2Request = (req: Http2ServerRequest, res: Http2ServerResponse) => void;
