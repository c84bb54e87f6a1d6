/**
 * A client and an endpoint that speak a protocol of their own: bytes both ways, and the end of one side told to the other, as the kind of
 * end that it was. Of a WebSocket the frames are followed, so that a client whose endpoint is gone hears a close code, and not just
 * the line go dead.
 */
import { constants } from 'node:http2';
import type { Duplex } from 'node:stream';
import { Flow } from './upgrade-flow.ts';
import { FrameTracker, GOING_AWAY, SERVICE_RESTART, closeFrame } from './websocket-frames.ts';

/** A connection that has nothing to say for so long is asked whether it is still there: ms, by TCP keep-alive. */
const KEEP_ALIVE_MS = 30_000;

/** What a relay has to know beside its two sides. */
export interface RelayOptions {
  readonly isWebSocket: boolean;
  /** ms that a side has to end by itself once it has been told. */
  readonly graceMs: number;
  /** Both sides are closed. */
  onOver(): void;
}

export class Relay {
  private readonly client: Duplex;
  private readonly upstream: Duplex;
  private readonly options: RelayOptions;
  private readonly down: Flow;
  private readonly up: Flow;
  private timer: NodeJS.Timeout | undefined = undefined;
  private closed = 0;

  constructor(client: Duplex, upstream: Duplex, options: RelayOptions) {
    const { isWebSocket } = options;
    this.client = client;
    this.upstream = upstream;
    this.options = options;
    for (const side of [client, upstream]) prepare(side);
    this.down = new Flow(upstream, client, isWebSocket ? new FrameTracker() : undefined);
    this.up = new Flow(client, upstream, isWebSocket ? new FrameTracker() : undefined);
    client.on('end', () => this.up.end());
    upstream.on('end', () => this.onUpstreamEnd());
    client.on('close', () => this.onClientClose());
    upstream.on('close', () => this.onUpstreamClose());
    // It may have gone in the very turn in which it was handed over.
    if (upstream.closed) process.nextTick(() => this.onUpstreamClose());
  }

  /** Bytes of the client that came before the relay was there. */
  begin(early: readonly Buffer[]): void {
    for (const chunk of early) this.up.pass(chunk);
  }

  /** Ends both sides: in the way of WebSockets if it is one, and within the grace. */
  cut(): void {
    if (this.closed === 2) return;
    this.arm();
    const { isWebSocket } = this.options;
    this.down.finish(isWebSocket ? closeFrame(SERVICE_RESTART, false) : undefined);
    this.up.finish(isWebSocket ? closeFrame(GOING_AWAY, true) : undefined);
  }

  private onUpstreamEnd(): void {
    if (this.options.isWebSocket) this.onUpstreamGone();
    else this.down.end();
  }

  private onUpstreamClose(): void {
    const { client, upstream } = this;
    this.onClosed();
    if (client.destroyed) return;
    if (this.options.isWebSocket) this.onUpstreamGone();
    else if (upstream.readableEnded) this.down.end();
    else reset(client);
  }

  /** With a Close frame of its own before, that was its last word; else it is ours. */
  private onUpstreamGone(): void {
    const { client, down } = this;
    if (!down.isAtBoundary) return reset(client);
    down.end(closeFrame(SERVICE_RESTART, false));
    // Whatever the client says now, there is nobody to hear it.
    this.up.end();
    if (client.writableFinished) this.arm();
    else client.on('finish', () => this.arm());
  }

  private onClientClose(): void {
    const { client, upstream } = this;
    this.onClosed();
    if (upstream.destroyed) return;
    if (client.readableEnded) this.arm();
    else reset(upstream);
  }

  private onClosed(): void {
    this.closed++;
    if (this.closed < 2) return;
    clearTimeout(this.timer);
    this.options.onOver();
  }

  private arm(): void {
    if (this.closed === 2) return;
    this.timer ??= setTimeout(() => {
      this.client.destroy();
      this.upstream.destroy();
    }, this.options.graceMs).unref();
  }
}

function prepare(side: Duplex): void {
  // Its end is not the end of the other direction.
  side.allowHalfOpen = true;
  side.on('error', ignore);
  if ('setTimeout' in side) (side as unknown as { setTimeout(ms: number): void }).setTimeout(0);
  if ('setKeepAlive' in side)
    (side as unknown as { setKeepAlive(on: boolean, ms: number): void }).setKeepAlive(true, KEEP_ALIVE_MS);
}

/** Ends a side so that it cannot be taken for a clean end: by RST, or CANCEL on HTTP/2 (RFC 8441 section 5). */
function reset(side: Duplex): void {
  if (side.destroyed) return;
  try {
    if ('rstCode' in side) (side as unknown as { close(code: number): void }).close(constants.NGHTTP2_CANCEL);
    else if ('resetAndDestroy' in side) (side as unknown as { resetAndDestroy(): void }).resetAndDestroy();
  } catch {
    // TLS and pipes have no reset of their own.
  }
  side.destroy();
}

function ignore(): void {}
