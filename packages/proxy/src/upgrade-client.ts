/**
 * A client that has asked for another protocol over HTTP/1.1. Until there is an answer its connection is read on: an end is seen only by
 * whoever reads, and a client that leaves has to take its attempt along.
 */
import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { RawHeaders } from '@evenkeel/core';
import { acceptedProtocol } from './upgrade-offer.ts';
import { MAX_EARLY_BYTES, responseOn } from './upgrade-response.ts';

/** A client's side of a handshake. */
export interface UpgradeClient {
  /** For every answer but the upgrade. */
  readonly res: ServerResponse;
  /** What endpoints are asked to change to. */
  readonly protocols: string;
  /** The fields for endpoints. @param fields as of an ordinary request of this client: name, value, name, value */
  headersOf(fields: readonly string[]): readonly string[];
  /**
   * Tells the client that the protocol has changed.
   * @param headers the endpoint's. @param fields what of them is for the client, and what the proxy adds
   * @returns the connection, and what the client has said on it already
   * @throws if the endpoint's answer is not one; then the client has been told nothing
   */
  accept(headers: RawHeaders, fields: readonly string[]): AcceptedUpgrade;
  /** The connection has closed, and the endpoint's too. */
  onOver(): void;
}

export interface AcceptedUpgrade {
  readonly socket: Duplex;
  readonly protocol: string;
  readonly early: readonly Buffer[];
}

export class RawUpgradeClient implements UpgradeClient {
  readonly res: ServerResponse;
  readonly protocols: string;
  private readonly socket: Duplex;
  private readonly early: Buffer[] = [];
  private earlyBytes = 0;
  private readonly onData = (chunk: Buffer): void => this.hold(chunk);
  private readonly onEnd = (): void => this.leave();

  /** @param early what the client has sent behind its request already */
  constructor(req: IncomingMessage, socket: Duplex, early: readonly Buffer[], protocols: string) {
    this.res = responseOn(req, socket);
    this.protocols = protocols;
    this.socket = socket;
    for (const chunk of early) if (chunk.length > 0) this.hold(chunk);
    socket.on('data', this.onData);
    socket.on('end', this.onEnd);
  }

  headersOf(fields: readonly string[]): readonly string[] {
    return fields;
  }

  accept(headers: RawHeaders, fields: readonly string[]): AcceptedUpgrade {
    const { res, socket, early } = this;
    const protocol = acceptedProtocol(headers, this.protocols);
    const head = headOf(fields, protocol);
    socket.off('data', this.onData);
    socket.off('end', this.onEnd);
    res.detachSocket(socket as Socket);
    socket.write(head, 'latin1');
    return { socket, protocol, early };
  }

  onOver(): void {
    // It has lost its connection, whose end it would have been told otherwise.
    this.res.emit('close');
  }

  private hold(chunk: Buffer): void {
    if (this.res.headersSent) return;
    this.early.push(chunk);
    this.earlyBytes += chunk.length;
    if (this.earlyBytes >= MAX_EARLY_BYTES) this.socket.pause();
  }

  /** Who closes one direction before there is an answer does not want one. */
  private leave(): void {
    if (!this.res.headersSent) this.socket.destroy();
  }
}

function headOf(fields: readonly string[], protocol: string): string {
  let head = 'HTTP/1.1 101 Switching Protocols\r\n';
  for (let i = 0; i < fields.length; i += 2) {
    validateHeaderName(fields[i]!);
    validateHeaderValue(fields[i]!, fields[i + 1]!);
    head += `${fields[i]!}: ${fields[i + 1]!}\r\n`;
  }
  return `${head}Connection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`;
}
