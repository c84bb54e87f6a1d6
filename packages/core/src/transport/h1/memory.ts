/**
 * Where bytes are read into, and where they are kept if they are needed for longer than that.
 *
 * Small responses are read into one buffer that all connections share, and copied out of it. A body that its handler takes on loan is read
 * into a buffer of its connection's own, and not copied, so that it leaves no garbage: V8 marks its whole heap whenever a few dozen MB of
 * buffers have been made, which is several times a second if there is a copy for each response of 16 KiB.
 */

/** Twice as much as Node reads at once by itself: half the calls for a long body. */
export const READ_BYTES = 131_072;
/** Copies that are forgotten soon are cut from pieces of this size, as a buffer of its own for each costs more than the copy. */
const SLAB_BYTES = 262_144;
/** Bodies up to this size are copied: that costs less than what a loan takes. */
export const COPIED_BYTES = 4_096;
const MAX_SPARE = 32;
/** Connections that may keep a buffer of their own from one response to the next. */
const MAX_KEPT = 64;

export class Memory {
  /** Where sockets read into, one after the other. */
  readonly shared: Buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  private readonly spare: Buffer[] = [];
  private taken = 0;
  private slab: Buffer = Buffer.alloc(0);
  private used = 0;

  /** A buffer to read into, for one connection. */
  take(): Buffer {
    this.taken++;
    return this.spare.pop() ?? Buffer.allocUnsafeSlow(READ_BYTES);
  }

  /** Gives one back that nobody needs any more. */
  give(buffer: Buffer): void {
    this.taken--;
    if (this.spare.length < MAX_SPARE) this.spare.push(buffer);
  }

  /** In place of `give`, of one that somebody still needs. */
  forsake(): void {
    this.taken--;
  }

  /** Who has taken a buffer may keep it for the next response. */
  get isAmple(): boolean {
    return this.taken <= MAX_KEPT;
  }

  /** @param isTransient nobody keeps the copy for long: it holds much more memory than its own */
  copy(bytes: Buffer, from: number, to: number, isTransient: boolean): Buffer {
    const length = to - from;
    if (!isTransient || length > SLAB_BYTES / 4) {
      const copy = Buffer.allocUnsafe(length);
      bytes.copy(copy, 0, from, to);
      return copy;
    }
    if (this.used + length > this.slab.length) {
      this.slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.used = 0;
    }
    const start = this.used;
    this.used += length;
    bytes.copy(this.slab, start, from, to);
    return this.slab.subarray(start, this.used);
  }
}
