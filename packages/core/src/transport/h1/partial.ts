/**
 * The beginning of a head, or of trailer fields, until the rest is there. Somebody who sends them byte by byte costs no more than the
 * bytes: they are tried a few times, so that what is wrong is refused early, and after that only when they look whole.
 */
import { badResponse } from './head-parser.ts';

const EAGER_TRIES = 8;
const NOTHING = Buffer.alloc(0);
const END = '\r\n\r\n';

export class Partial {
  length = 0;
  bytes: Buffer = NOTHING;
  private readonly max: number;
  private tries = 0;

  /** @param max bytes that there may be */
  constructor(max: number) {
    this.max = max;
  }

  /** @returns whether it is worth reading now. @throws TransportError */
  append(source: Buffer, from: number, to: number): boolean {
    const length = this.length + to - from;
    // It was read before and is not whole; what comes now may hold its end, and more.
    this.check(this.length);
    if (length > this.bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(1_024, length, this.bytes.length * 2));
      this.bytes.copy(grown, 0, 0, this.length);
      this.bytes = grown;
    }
    source.copy(this.bytes, this.length, from, to);
    const searchFrom = Math.max(0, this.length - END.length + 1);
    this.length = length;
    return this.tries++ < EAGER_TRIES || this.bytes.subarray(0, length).indexOf(END, searchFrom, 'latin1') >= 0;
  }

  /** @throws TransportError if it is longer than it may be */
  check(length: number): void {
    if (length > this.max) throw badResponse(`a head of more than ${this.max} bytes`);
  }

  clear(): void {
    // A long body may have come along with the end of the head.
    if (this.bytes.length > this.max) this.bytes = NOTHING;
    this.length = 0;
    this.tries = 0;
  }
}
