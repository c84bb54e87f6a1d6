/**
 * A body on its way that can begin again as long as little of it has passed: an endpoint that goes away may refuse a request when the
 * first bytes of its body are with it already, and promises that it has looked at none of them (RFC 9113 section 8.7).
 */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { passingBody } from './body-plan.ts';

export class Passage {
  /** For whoever sends it now. */
  stream: Readable;
  private readonly req: IncomingMessage;
  private readonly make: (first: readonly Buffer[] | undefined) => Readable;
  /** All that was read so far; undefined if that is too much, or needed no more. */
  private kept: Buffer[] | undefined;
  private bytes = 0;

  /**
   * @param first what was read already
   * @param maxKeptBytes up to which it can begin again
   */
  constructor(
    req: IncomingMessage,
    first: readonly Buffer[] | undefined,
    maxKeptBytes: number,
    maxBytes: number,
    onTooLarge: () => void,
  ) {
    const keep = (chunk: Buffer): void => {
      this.bytes += chunk.length;
      if (this.bytes > maxKeptBytes) this.kept = undefined;
      this.kept?.push(chunk);
    };
    this.req = req;
    this.kept = [];
    first?.forEach(keep);
    this.make = (again) => passingBody(req, again, maxBytes, onTooLarge, keep);
    this.stream = this.make(first);
  }

  /** @returns the body from its beginning; undefined if that is gone */
  rewind(): Readable | undefined {
    if (this.kept === undefined) return undefined;
    this.stream.destroy();
    // Nobody listens for a moment.
    this.req.pause();
    this.stream = this.make([...this.kept]);
    return this.stream;
  }

  /** True if nobody needs the pieces that have passed: they are not kept, and nobody else listens. */
  get isTransient(): boolean {
    return this.kept === undefined && this.req.listenerCount('data') === 1;
  }

  /** It will not have to begin again. */
  forget(): void {
    this.kept = undefined;
  }
}
