/**
 * One direction of a connection that has changed protocols: bytes as they come, with back-pressure, and an end that does not cut a
 * WebSocket frame in two where that can be helped.
 */
import type { Duplex } from 'node:stream';
import type { FrameTracker } from './websocket-frames.ts';

export class Flow {
  private readonly from: Duplex;
  private readonly to: Duplex;
  /** Only of a WebSocket. */
  private readonly frames: FrameTracker | undefined;
  /** What has to go out at the end of the present frame. */
  private last: Buffer | undefined = undefined;
  /** Nothing more goes out; what still comes in is dropped. */
  private isOver = false;

  constructor(from: Duplex, to: Duplex, frames: FrameTracker | undefined) {
    this.from = from;
    this.to = to;
    this.frames = frames;
    from.on('data', (chunk: Buffer) => this.pass(chunk));
    to.on('drain', () => from.resume());
    // Whoever had it before may have paused it.
    from.resume();
  }

  /** No frame would be cut by an end here. */
  get isAtBoundary(): boolean {
    return this.frames?.isAtBoundary !== false;
  }

  pass(chunk: Buffer): void {
    const { frames, to } = this;
    if (this.isOver || to.destroyed || to.writableEnded) return;
    const taken = frames === undefined ? chunk.length : frames.take(chunk, this.last !== undefined);
    const isAll = taken === chunk.length;
    if (!to.write(isAll ? chunk : chunk.subarray(0, taken))) this.from.pause();
    if (this.last !== undefined && this.isAtBoundary) this.end(this.last);
  }

  /** Ends it with `last`, at the end of the present frame; without one if the sender has said its own last word. */
  finish(last: Buffer | undefined): void {
    if (this.isOver) return;
    if (this.isAtBoundary) this.end(last);
    else this.last = last;
  }

  /** Ends it here. */
  end(last?: Buffer): void {
    if (this.isOver) return;
    this.isOver = true;
    if (!this.to.destroyed && !this.to.writableEnded) {
      if (last === undefined || this.frames?.hasClose === true) this.to.end();
      else this.to.end(last);
    }
    this.from.resume();
  }
}
