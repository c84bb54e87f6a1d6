/**
 * Requests to change protocols. Up to the endpoint's answer they are requests like others: the same head, affinity, retries and error
 * answers, by the same `Inbound`. This stands between it and the cluster, adds what is special, and takes over if the endpoint agrees.
 */
import type { Duplex } from 'node:stream';
import { BalancerError, isBalancerError } from '@evenkeel/core';
import type { Cluster, Endpoint, Exchange, ExchangeRequest, RawHeaders, ResponseSink } from '@evenkeel/core';
import type { InboundHost } from './inbound-host.ts';
import type { Inbound, Upgrader } from './inbound.ts';
import { responseHead } from './response-head.ts';
import type { UpgradeClient } from './upgrade-client.ts';
import { Relay } from './upgrade-relay.ts';

/** The relays of a proxy, to be ended when it is closed. */
export class Relays {
  private readonly relays = new Set<Relay>();
  private isCut = false;

  add(relay: Relay): void {
    this.relays.add(relay);
    if (this.isCut) relay.cut();
  }

  delete(relay: Relay): void {
    this.relays.delete(relay);
  }

  /** Ends them, and those to come. */
  cut(): void {
    this.isCut = true;
    for (const relay of this.relays) relay.cut();
  }
}

/** One request for another protocol, between its `Inbound` and the cluster. */
export class UpgradeExchange implements Upgrader, Exchange, ResponseSink {
  private readonly host: InboundHost;
  private readonly relays: Relays;
  private readonly client: UpgradeClient;
  private inbound: Inbound | undefined = undefined;
  private inner: Exchange | undefined = undefined;
  private relay: Relay | undefined = undefined;

  constructor(host: InboundHost, relays: Relays, client: UpgradeClient) {
    this.host = host;
    this.relays = relays;
    this.client = client;
  }

  exchange(cluster: Cluster, inbound: Inbound): Exchange {
    this.inbound = inbound;
    this.inner = cluster.exchange(requestOf(inbound, this.client), this);
    return this;
  }

  get isDetour(): boolean {
    return this.inner?.isDetour === true;
  }

  pause(): void {
    this.inner?.pause();
  }

  resume(): void {
    this.inner?.resume();
  }

  abort(reason?: unknown): void {
    // A relay ends its two sides by itself, in its own way.
    if (this.relay === undefined) this.inner?.abort(reason);
  }

  onInterim(status: number, headers: RawHeaders): void {
    this.inbound?.onInterim(status, headers);
  }

  onHead(status: number, statusText: string, headers: RawHeaders, endpoint: Endpoint | undefined): void {
    this.inbound?.onHead(status, statusText, headers, endpoint);
  }

  onData(chunk: Buffer): boolean {
    return this.inbound?.onData(chunk) !== false;
  }

  onEnd(trailers: RawHeaders): void {
    this.inbound?.onEnd(trailers);
  }

  onError(error: BalancerError): void {
    this.inbound?.onError(error);
  }

  onUpgrade(headers: RawHeaders, upstream: Duplex, endpoint: Endpoint): void {
    const { client } = this;
    // An answer of the application's own, or the end of the connection, may have come first.
    if (client.res.headersSent || client.res.destroyed || client.res.closed) return void upstream.destroy();
    try {
      const { socket, protocol, early } = client.accept(headers, this.fieldsFor(headers, endpoint));
      this.relay = this.relayOf(socket, upstream, protocol.toLowerCase() === 'websocket');
      this.relay.begin(early);
      this.relays.add(this.relay);
    } catch (error) {
      upstream.destroy();
      this.inbound?.onError(
        isBalancerError(error)
          ? error
          : new BalancerError('BAD_RESPONSE', 'the response head cannot be passed on', { cause: error }),
      );
    }
  }

  onCut(): void {
    this.relay?.cut();
  }

  private fieldsFor(headers: RawHeaders, endpoint: Endpoint): string[] {
    const inbound = this.inbound!;
    // As of a response that can have no body.
    const fields = responseHead(204, headers, inbound);
    inbound.isDetour = this.isDetour;
    inbound.affinity?.writeResponse(fields, inbound, endpoint);
    return fields;
  }

  private relayOf(socket: Duplex, upstream: Duplex, isWebSocket: boolean): Relay {
    const { client, relays, host } = this;
    const relay: Relay = new Relay(socket, upstream, {
      isWebSocket,
      graceMs: host.options.upgradeGraceMs,
      onOver() {
        relays.delete(relay);
        client.onOver();
      },
    });
    return relay;
  }
}

function requestOf(inbound: Inbound, client: UpgradeClient): ExchangeRequest & { maxLoadRatio: number } {
  // An extended CONNECT is to the endpoint what it is on HTTP/1.1.
  const isConnect = inbound.method === 'CONNECT';
  return {
    method: isConnect ? 'GET' : inbound.method,
    path: inbound.path,
    headers: client.headersOf(inbound.headers),
    body: null,
    upgrade: client.protocols,
    preamble: inbound.preamble,
    headTimeoutMs: inbound.headTimeoutMs,
    bodyTimeoutMs: inbound.bodyTimeoutMs,
    isIdempotent: isConnect || inbound.isIdempotent,
    key: inbound.key,
    preferred: inbound.preferred,
    isSticky: inbound.isSticky,
    isStrict: inbound.isStrict,
    maxLoadRatio: inbound.maxLoadRatio,
    // Two connections where the client has asked for one would be one too many for most applications.
    hedge: false,
  };
}
