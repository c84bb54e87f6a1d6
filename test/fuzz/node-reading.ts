/**
 * What Node's own parser makes of bytes: a real `node:http` server that is handed a connection of its own and only takes notes. The fuzzers
 * ask it twice, about what a client has sent and about what has reached an endpoint.
 */
import http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Duplex } from 'node:stream';
import { turn } from '../conformance/wire.ts';

/** A request as Node has read it. */
export interface ReadRequest {
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  /** What there is of it so far. */
  body: string;
  isWhole: boolean;
  /** It asks for another protocol, which was hidden; what follows it may be no HTTP. */
  readonly isUpgrade: boolean;
}

/** A connection to such a server. */
export interface NodeReading {
  readonly requests: readonly ReadRequest[];
  /** Node found the bytes to be no HTTP. */
  readonly hasError: boolean;
  feed(bytes: string): void;
  /** Says that nothing more comes; resolves when everything is read. */
  finish(): Promise<void>;
}

const NOTES: unique symbol = Symbol('notes');
type Noted = Duplex & { [NOTES]: Notes };

interface Notes {
  requests: ReadRequest[];
  hasError: boolean;
  open: number;
}

/** The name that stands for `Upgrade`. */
export const MASKED = 'x-grade';

/**
 * Hides a wish for another protocol, behind which Node would read no further. It may be refused, and then what follows is HTTP again: the head
 * is read once more, and without the blanks behind its values, which Node takes amiss in a coding.
 */
export function masked(bytes: string): string {
  const hidden = bytes.replaceAll(/^upgrade(?=:)/gim, MASKED);
  return hidden === bytes ? bytes : hidden.replaceAll(/^(transfer-encoding:[^\r]*?)[\t ]+(?=\r)/gim, '$1');
}

export function nodeReader(): () => NodeReading {
  // What a server would refuse by itself is a request here: it has a place in the order of answers.
  const server = http.createServer({ requireHostHeader: false }, note);
  server.on('checkExpectation', note);
  server.on('checkContinue', note);
  server.on('clientError', (_error, socket) => {
    notesOf(socket).hasError = true;
    socket.destroy();
  });
  return () => connect(server);
}

function connect(server: http.Server): NodeReading {
  const notes: Notes = { requests: [], hasError: false, open: 0 };
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => void done() });
  Object.assign(socket, { [NOTES]: notes });
  socket.on('error', () => undefined);
  server.emit('connection', socket);
  return {
    requests: notes.requests,
    get hasError() {
      return notes.hasError;
    },
    feed(bytes) {
      if (!socket.destroyed) socket.push(Buffer.from(bytes, 'latin1'));
    },
    async finish() {
      if (!socket.destroyed) socket.push(null);
      do await turn();
      while (notes.open > 0);
    },
  };
}

function notesOf(socket: Duplex): Notes {
  return (socket as Noted)[NOTES];
}

function requestOf(req: IncomingMessage): ReadRequest {
  const { method = '', url = '', rawHeaders } = req;
  return { method, target: url, rawHeaders, body: '', isWhole: false, isUpgrade: req.headers[MASKED] !== undefined };
}

function note(req: IncomingMessage, res: ServerResponse): void {
  const notes = notesOf(req.socket);
  const request = requestOf(req);
  notes.requests.push(request);
  notes.open++;
  req.setEncoding('latin1');
  req.on('data', (chunk: string) => (request.body += chunk));
  req.on('end', () => {
    request.isWhole = true;
    res.end();
  });
  req.on('error', () => undefined);
  req.once('close', () => notes.open--);
}
