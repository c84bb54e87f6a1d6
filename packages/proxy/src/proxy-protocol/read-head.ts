/**
 * Takes the PROXY head off a connection that nobody else has touched yet, and leaves the rest of its bytes as if they had come first.
 */
import type { Socket } from 'node:net';
import type { Cancel, Clock } from '@evenkeel/core';
import { parseProxyHead } from './parse.ts';
import type { HeadParse, ProxyHead } from './parse.ts';

/** What becomes of the connection; exactly one of them is called, unless the connection ends by itself first. */
export interface HeadReader {
  /** @param head undefined if the connection does not begin with one */
  onHead(socket: Socket, head: ProxyHead | undefined): void;
  /** The connection is being closed. */
  onRefused(socket: Socket, reason: string): void;
}

/** What has to be known to read a head. */
export interface HeadRules {
  readonly isRequired: boolean;
  readonly timeoutMs: number;
  readonly clock: Pick<Clock, 'schedule'>;
}

/** Begins to read; calls `reader` in a later turn. */
export function readHead(socket: Socket, rules: HeadRules, reader: HeadReader): void {
  new HeadRead(socket, rules, reader).start();
}

class HeadRead {
  private readonly socket: Socket;
  private readonly rules: HeadRules;
  private readonly reader: HeadReader;
  private chunks: Buffer[] = [];
  private bytes = 0;
  private atLeast = 1;
  private cancelTimer: Cancel | undefined = undefined;

  constructor(socket: Socket, rules: HeadRules, reader: HeadReader) {
    this.socket = socket;
    this.rules = rules;
    this.reader = reader;
  }

  start(): void {
    const { socket, rules } = this;
    // Stays for good: between two owners a socket must not be without one.
    socket.on('error', ignore);
    // Not `data`: a socket that flows cannot be handed on without a gap, one that is read can.
    socket.on('readable', this.onReadable);
    socket.on('end', this.onEnd);
    socket.on('close', this.onClose);
    this.cancelTimer = rules.clock.schedule(rules.timeoutMs, () => this.refuse('it did not come in time'));
  }

  private readonly onReadable = (): void => {
    const chunk = this.socket.read() as Buffer | null;
    if (chunk === null) return;
    this.chunks.push(chunk);
    this.bytes += chunk.length;
    if (this.bytes < this.atLeast) return;
    const all = this.chunks.length === 1 ? chunk : Buffer.concat(this.chunks);
    this.chunks = [all];
    this.judge(parseProxyHead(all), all);
  };

  private judge(parse: HeadParse, all: Buffer): void {
    if (parse.kind === 'more') this.atLeast = parse.atLeast;
    else if (parse.kind === 'invalid') this.refuse(parse.reason);
    else if (parse.kind === 'head') this.handOn(parse, all.subarray(parse.byteLength));
    else if (this.rules.isRequired) this.refuse('there is none');
    else this.handOn(undefined, all);
  }

  private handOn(head: ProxyHead | undefined, rest: Buffer): void {
    const { socket, reader } = this;
    this.leave();
    if (rest.length > 0) socket.unshift(rest);
    // A turn later the socket is as it was when it was new: the stream forgets its `readable` listener only then. No byte comes in between.
    process.nextTick(() => {
      if (!socket.destroyed) reader.onHead(socket, head);
    });
  }

  private refuse(reason: string): void {
    this.leave();
    this.reader.onRefused(this.socket, reason);
    this.socket.destroy();
  }

  private readonly onEnd = (): void => {
    // Connecting and leaving without a word is how load balancers look whether a port is open.
    if (this.bytes > 0) return this.refuse('it is cut short');
    this.leave();
    this.socket.destroy();
  };

  private readonly onClose = (): void => this.leave();

  private leave(): void {
    const { socket } = this;
    this.cancelTimer?.();
    socket.off('readable', this.onReadable);
    socket.off('end', this.onEnd);
    socket.off('close', this.onClose);
  }
}

function ignore(): void {}
