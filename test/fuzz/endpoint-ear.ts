/**
 * An endpoint that hears bytes: it reads each connection with the strict reader, has Node read the same bytes beside it, answers every whole
 * request with a number of its own, and never accepts another protocol.
 */
import type net from 'node:net';
import { check, comes } from './lane.ts';
import { nodeReader } from './node-reading.ts';
import type { NodeReading } from './node-reading.ts';
import { Malformed, readRequest, valuesOf } from './reader.ts';
import type { Message } from './reader.ts';

/** A request that has reached the endpoint. */
export interface Heard {
  /** What the answer to it carries. */
  readonly serial: number;
  readonly message: Message;
}

interface Connection {
  readonly reading: NodeReading;
  /** How many requests both have read. */
  whole: number;
  unread: string;
  hasContinued: boolean;
  isClosed: boolean;
}

const readByNode = nodeReader();

/** The field that tells which request an answer is for. */
export const SERIAL = 'x-serial';

export class EndpointEar {
  heard: Heard[] = [];
  private connections: Connection[] = [];
  private problem: string | undefined = undefined;
  private serial = 0;

  onConnection(socket: net.Socket): void {
    const connection = { reading: readByNode(), whole: 0, unread: '', hasContinued: false, isClosed: false };
    this.connections.push(connection);
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      try {
        this.read(connection, chunk, socket);
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
        this.problem ??= `the endpoint got ${error.message} in ${JSON.stringify(connection.unread.slice(0, 2_000))}`;
        socket.destroy();
      }
    });
    socket.on('close', () => (connection.isClosed = true));
  }

  /** What has come since the last time, when nothing more can come. @throws Finding if it is not clean */
  async take(): Promise<readonly Heard[]> {
    for (const connection of this.connections) {
      const { reading } = connection;
      if (this.problem !== undefined) break;
      // Half a request is that of a client who has left, and takes the connection along.
      if (connection.unread !== '')
        await comes(() => connection.isClosed, 'the end of a connection with half a request on it');
      await comes(() => isReadAlike(connection), 'the same number of requests by two readings');
      check(!reading.hasError, () => 'Node cannot read what has reached the endpoint');
    }
    this.connections = this.connections.filter((connection) => !connection.isClosed);
    const { heard, problem } = this;
    this.heard = [];
    check(problem === undefined, () => problem!);
    return heard;
  }

  private read(connection: Connection, chunk: string, socket: net.Socket): void {
    const { reading } = connection;
    connection.unread += chunk;
    reading.feed(chunk);
    for (
      let message = readRequest(connection.unread, 0);
      message !== undefined;
      message = readRequest(connection.unread, 0)
    ) {
      connection.unread = connection.unread.slice(message.end);
      connection.hasContinued = false;
      const byNode = reading.requests[connection.whole++];
      if (byNode === undefined || message.start !== `${byNode.method} ${byNode.target} HTTP/1.1`) {
        throw new Malformed(`a request that Node reads as ${JSON.stringify(byNode)}`);
      }
      this.answer(message, socket);
      if (connection.unread === '') return;
    }
    const end = connection.unread.indexOf('\r\n\r\n');
    if (end < 0 || connection.hasContinued) return;
    if (!/\r\nexpect:[ \t]*100-continue/i.test(connection.unread.slice(0, end))) return;
    connection.hasContinued = true;
    socket.write('HTTP/1.1 100 Continue\r\n\r\n');
  }

  private answer(message: Message, socket: net.Socket): void {
    const serial = ++this.serial;
    this.heard.push({ serial, message });
    const body = message.start.startsWith('HEAD ') ? '' : 'ok';
    socket.write(`HTTP/1.1 200 OK\r\n${SERIAL}: ${serial}\r\nContent-Length: 2\r\n\r\n${body}`);
  }
}

function isReadAlike({ reading, whole, isClosed }: Connection): boolean {
  const { requests } = reading;
  // On a connection that was cut Node may have begun to read one more.
  return (
    (requests.length === whole || (isClosed && requests.length === whole + 1)) &&
    requests.slice(-2).every((request, i, last) => request.isWhole || (isClosed && i === last.length - 1))
  );
}

/** The number that an answer carries; undefined if the proxy has made it. */
export function serialOf(answer: Message): number | undefined {
  const [serial] = valuesOf(answer.fields, SERIAL);
  return serial === undefined ? undefined : Number(serial);
}
