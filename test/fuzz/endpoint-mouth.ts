/** An endpoint that says what a case tells it to, and answers requests for `/own` truthfully. */
import type net from 'node:net';
import { turn } from '../conformance/wire.ts';
import { comes, writeCut } from './lane.ts';
import { readRequest } from './reader.ts';
import type { ResponseCase } from './response-grammar.ts';

type Script = Pick<ResponseCase, 'bytes' | 'cuts' | 'ending'>;

export class EndpointMouth {
  script: Script = { bytes: '', cuts: [], ending: 'ends' };
  /** How often the script was begun, and how often it was said to its end. */
  begun = 0;
  said = 0;
  /** The connection that the script was last said on. */
  last: net.Socket | undefined = undefined;

  onConnection(socket: net.Socket): void {
    let unread = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      unread += chunk;
      for (let message = readRequest(unread, 0); message !== undefined; message = readRequest(unread, 0)) {
        unread = unread.slice(message.end);
        const own = / \/own\?(\d+) /.exec(message.start)?.[1];
        if (own === undefined) void this.say(socket);
        else socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${own.length}\r\n\r\n${own}`);
      }
    });
  }

  private async say(socket: net.Socket): Promise<void> {
    const { bytes, cuts, ending } = this.script;
    this.last = socket;
    this.begun++;
    await writeCut(socket, bytes, cuts);
    if (ending === 'ends') socket.end();
    // What was written is to arrive first.
    if (ending === 'resets') {
      await turn();
      socket.resetAndDestroy();
    }
    this.said++;
  }

  /** Says something that nobody has asked for; resolves when it is on its way. */
  async add(bytes: string): Promise<void> {
    const socket = this.last;
    if (bytes === '' || socket === undefined || !socket.writable) return;
    let isWritten = false;
    socket.write(bytes, 'latin1', () => (isWritten = true));
    await comes(() => isWritten || socket.destroyed, 'the last byte of an endpoint');
  }
}
