/**
 * A client that asks for a WebSocket on one stream of an HTTP/2 connection (RFC 8441). To the endpoint it is an upgrade like others: the
 * parts of the handshake that such a client has no use for are made and checked here.
 */
import { constants } from 'node:http2';
import type { Http2ServerRequest, Http2ServerResponse, ServerHttp2Stream } from 'node:http2';
import type { ServerResponse } from 'node:http';
import { BalancerError } from '@evenkeel/core';
import type { RawHeaders } from '@evenkeel/core';
import type { AcceptedUpgrade, UpgradeClient } from './upgrade-client.ts';
import { acceptedProtocol, valueOf } from './upgrade-offer.ts';
import { acceptOf, newWebSocketKey } from './websocket-key.ts';

export class StreamUpgradeClient implements UpgradeClient {
  readonly res: ServerResponse;
  readonly protocols: string = 'websocket';
  private readonly stream: ServerHttp2Stream;
  private readonly key: string = newWebSocketKey();

  constructor(req: Http2ServerRequest, res: Http2ServerResponse) {
    // Node's compatibility layer is made so that one stands for the other.
    this.res = res as unknown as ServerResponse;
    this.stream = req.stream;
  }

  headersOf(fields: readonly string[]): readonly string[] {
    const headers: string[] = [];
    let hasVersion = false;
    for (let i = 0; i < fields.length; i += 2) {
      const name = fields[i]!.toLowerCase();
      if (name === 'sec-websocket-key') continue;
      if (name === 'sec-websocket-version') hasVersion = true;
      headers.push(fields[i]!, fields[i + 1]!);
    }
    if (!hasVersion) headers.push('Sec-WebSocket-Version', '13');
    headers.push('Sec-WebSocket-Key', this.key);
    return headers;
  }

  accept(headers: RawHeaders, fields: readonly string[]): AcceptedUpgrade {
    const protocol = acceptedProtocol(headers, this.protocols);
    if (valueOf(headers, 'sec-websocket-accept') !== acceptOf(this.key)) {
      throw new BalancerError('BAD_RESPONSE', 'the Sec-WebSocket-Accept of the endpoint is wrong');
    }
    this.stream.respond(headOf(fields));
    return { socket: this.stream, protocol, early: [] };
  }

  onOver(): void {
    // The response has closed with its stream.
  }
}

function headOf(fields: readonly string[]): Record<string, string | number | string[]> {
  const head: Record<string, string | number | string[]> = Object.create(null);
  head[constants.HTTP2_HEADER_STATUS] = 200;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase();
    if (name === 'sec-websocket-accept' || name.startsWith(':')) continue;
    const known = head[name];
    const value = fields[i + 1]!;
    head[name] = known === undefined ? value : [...(Array.isArray(known) ? known : [String(known)]), value];
  }
  return head;
}
