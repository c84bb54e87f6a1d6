/**
 * Just enough of RFC 6455 section 5.2 to know where a frame ends, so that a Close frame can be put between two frames. Reads the few
 * bytes of each frame head and skips the rest: no copy, nothing kept, no allocation per frame.
 */
import { randomBytes } from 'node:crypto';

/**
 * Said to clients whose endpoint has to go or is gone: Service Restart, come again (IANA's registry of close codes, with 1012 to 1014
 * added after RFC 6455). Clients reconnect after it; after 1011, an internal error, some give up for good. 1014, a bad gateway, would
 * tell more, but is not known to all.
 */
export const SERVICE_RESTART = 1012;
/** Said to endpoints, for which the proxy is the client: Going Away (RFC 6455 section 7.4.1). 1012 is a word of servers. */
export const GOING_AWAY = 1001;

const CLOSE = 0x8;

/** Follows the frames of one direction. */
export class FrameTracker {
  /** A Close frame has begun, and nothing may follow it. */
  hasClose = false;
  /** Bytes of the present frame's head that were seen. */
  private seen = 0;
  /** Bytes that it has. */
  private headEnd = 2;
  /** Where its length ends, and the mask begins if there is one. */
  private lengthEnd = 2;
  private length = 0;
  /** Bytes of the present frame's payload to come. Exact up to 2^53, and a longer frame is never over. */
  private left = 0;

  /** Between two frames. */
  get isAtBoundary(): boolean {
    return this.seen === 0 && this.left === 0;
  }

  /**
   * @param stopsAtBoundary true to go no further than the end of the present frame
   * @returns how many bytes of `chunk` were taken
   */
  take(chunk: Buffer, stopsAtBoundary: boolean): number {
    let i = 0;
    while (i < chunk.length) {
      if (stopsAtBoundary && this.isAtBoundary) return i;
      if (this.left > 0) {
        const step = Math.min(this.left, chunk.length - i);
        this.left -= step;
        i += step;
      } else {
        this.takeHeadByte(chunk[i]!);
        i++;
      }
    }
    return i;
  }

  private takeHeadByte(byte: number): void {
    const at = this.seen++;
    if (at === 0) {
      if ((byte & 0x0f) === CLOSE) this.hasClose = true;
    } else if (at === 1) {
      const short = byte & 0x7f;
      this.length = short < 126 ? short : 0;
      this.lengthEnd = short < 126 ? 2 : short === 126 ? 4 : 10;
      this.headEnd = this.lengthEnd + (byte >= 0x80 ? 4 : 0);
    } else if (at < this.lengthEnd) {
      this.length = this.length * 256 + byte;
    }
    if (at === 0 || this.seen < this.headEnd) return;
    this.seen = 0;
    this.left = this.length;
  }
}

/** @param isMasked as all frames to servers are, with a mask that nobody can foretell (RFC 6455 section 10.3) */
export function closeFrame(code: number, isMasked: boolean): Buffer {
  const high = code >> 8;
  const low = code & 0xff;
  if (!isMasked) return Buffer.from([0x88, 2, high, low]);
  const [a, b, c, d] = randomBytes(4) as unknown as [number, number, number, number];
  return Buffer.from([0x88, 0x82, a, b, c, d, high ^ a, low ^ b]);
}
