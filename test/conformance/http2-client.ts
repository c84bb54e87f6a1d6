/**
 * A client of HTTP/2 that shows what is on the wire: fields in their order, where the end was, and how a stream was reset.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import net from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import { until } from './wire.ts';

const FIXTURES = join(import.meta.dirname, '../core/dispatch/fixtures');
/** For `localhost` and `127.0.0.1`; its own authority. */
export const cert: Buffer = readFileSync(join(FIXTURES, 'cert.pem'));
export const key: Buffer = readFileSync(join(FIXTURES, 'key.pem'));

/** A request on its way. */
export interface H2Exchange {
  readonly stream: ClientHttp2Stream;
  /** 0 until there is a head. */
  status: number;
  /** Name, value, name, value, in latin1 and as they came; without pseudo fields. */
  fields: string[];
  /** The response ended with its head: one frame. */
  isHeadOnly: boolean;
  /** In latin1. */
  body: string;
  trailers: string[];
  readonly interims: [number, string[]][];
  /** The server has ended its side in the proper way. */
  isWhole: boolean;
  isClosed: boolean;
  /** Resolves when the stream has closed, however. */
  over(): Promise<H2Exchange>;
  /** Resolves when there is a head. */
  head(): Promise<H2Exchange>;
  values(name: string): string[];
}

export interface H2Client {
  readonly session: ClientHttp2Session;
  /** The code of a GOAWAY; undefined if there was none. */
  readonly goaway: number | undefined;
  /** @param fields name, value, name, value; in place of, or beside, what every request has. @param body undefined for none; null to write it by oneself */
  send(method: string, path: string, fields?: readonly string[], body?: string | Buffer | null): H2Exchange;
  /** Leaves at once. */
  close(): void;
}

export interface H2ClientOptions {
  readonly isSecure?: boolean;
  readonly settings?: http2.Settings;
}

export async function h2Client(
  port: number,
  { isSecure = true, settings = {} }: H2ClientOptions = {},
): Promise<H2Client> {
  const where = { host: '127.0.0.1', port };
  const socket = isSecure
    ? tls.connect({ ...where, servername: 'localhost', ca: cert, ALPNProtocols: ['h2'] })
    : net.connect(where);
  socket.on('error', () => undefined);
  const session = http2.connect(`${isSecure ? 'https' : 'http'}://localhost:${port}`, {
    settings,
    createConnection: () => socket,
  });
  let goaway: number | undefined;
  session.on('error', () => undefined);
  session.on('goaway', (code) => (goaway = code));
  await once(session, 'remoteSettings');
  return {
    session,
    get goaway() {
      return goaway;
    },
    send: (method, path, fields = [], body) => {
      const pseudo = [
        ':method',
        method,
        ':scheme',
        isSecure ? 'https' : 'http',
        ':authority',
        'a.example',
        ':path',
        path,
      ];
      const given = new Set(fields.filter((name, i) => i % 2 === 0 && name.startsWith(':')));
      const kept = pseudo.filter((_, i) => !given.has(pseudo[i - (i % 2)]!));
      const stream = session.request([...kept, ...fields], { endStream: body === undefined });
      if (typeof body === 'string') stream.end(body, 'latin1');
      else if (body !== undefined && body !== null) stream.end(body);
      return watched(stream);
    },
    close() {
      session.destroy();
      // Node would wait for the server to end its side, too.
      socket.destroy();
    },
  };
}

function watched(stream: ClientHttp2Stream): H2Exchange {
  const exchange: H2Exchange = {
    stream,
    status: 0,
    fields: [],
    isHeadOnly: false,
    body: '',
    trailers: [],
    interims: [],
    isWhole: false,
    isClosed: false,
    async over() {
      await until(() => exchange.isClosed);
      return exchange;
    },
    async head() {
      await until(() => exchange.status !== 0 || exchange.isClosed);
      return exchange;
    },
    values: (name) => exchange.fields.filter((_, i) => i % 2 === 1 && exchange.fields[i - 1] === name),
  };
  const plain = (raw: readonly string[]): string[] => raw.filter((_, i) => !raw[i - (i % 2)]!.startsWith(':'));
  stream.on('error', () => undefined);
  stream.on('headers', (fields: IncomingHttpHeaders, _flags: number, raw: string[]) => {
    exchange.interims.push([Number(fields[':status']), plain(raw)]);
  });
  stream.on('response', ((fields: IncomingHttpHeaders, flags: number, raw: string[]) => {
    exchange.status = Number(fields[':status']);
    exchange.fields = plain(raw);
    exchange.isHeadOnly = (flags & http2.constants.NGHTTP2_FLAG_END_STREAM) !== 0;
  }) as () => void);
  stream.on('trailers', ((_fields: IncomingHttpHeaders, _flags: number, raw: string[]) => {
    exchange.trailers = plain(raw);
  }) as () => void);
  stream.on('data', (chunk: Buffer) => (exchange.body += chunk.toString('latin1')));
  // Node also ends what was reset with NO_ERROR; but then the stream has closed before.
  const push = stream.push.bind(stream);
  stream.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    if (chunk === null && !stream.closed) exchange.isWhole = true;
    return push(chunk, encoding);
  };
  stream.on('close', () => (exchange.isClosed = true));
  return exchange;
}
