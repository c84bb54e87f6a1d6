/**
 * Finds the end of one HTTP/1.1 response after the other, and no more: the load generator must cost less than what it measures.
 */

type Reading = 'head' | 'body' | 'chunk-size' | 'chunk' | 'trailers';

const HEAD_END = Buffer.from('\r\n\r\n');
const LINE_END = Buffer.from('\r\n');

export class ResponseReader {
  status = 0;
  head = '';
  bodyBytes = 0;
  #reading: Reading = 'head';
  #left = 0;
  #kept: Buffer | undefined = undefined;

  /**
   * Takes what has arrived; the buffer may be used again afterwards.
   * @returns true if that completes a response
   * @throws Error if it cannot be a response to a single request
   */
  read(arrived: Buffer): boolean {
    const chunk = this.#kept === undefined ? arrived : Buffer.concat([this.#kept, arrived]);
    this.#kept = undefined;
    let at = 0;
    while (at < chunk.length) {
      const next = this.#step(chunk, at);
      if (next < 0) {
        this.#kept = Buffer.from(chunk.subarray(at));
        return false;
      }
      at = next;
      if (this.#reading === 'head') {
        if (at < chunk.length) throw new Error('bytes after the end of the response');
        return true;
      }
    }
    return false;
  }

  /** @returns where to go on; -1 if what follows is not whole yet. */
  #step(chunk: Buffer, at: number): number {
    if (this.#reading === 'head') return this.#readHead(chunk, at);
    if (this.#reading === 'chunk-size') return this.#readChunkSize(chunk, at);
    if (this.#reading === 'trailers') return this.#readTrailers(chunk, at);
    const bytes = Math.min(this.#left, chunk.length - at);
    this.#left -= bytes;
    if (this.#left === 0) this.#reading = this.#reading === 'chunk' ? 'chunk-size' : 'head';
    return at + bytes;
  }

  #readHead(chunk: Buffer, at: number): number {
    const end = chunk.indexOf(HEAD_END, at);
    if (end < 0) return -1;
    this.head = chunk.toString('latin1', at, end);
    this.status = Number(this.head.slice(9, 12));
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.head);
    if (length !== null) {
      this.bodyBytes = this.#left = Number(length[1]);
      if (this.#left > 0) this.#reading = 'body';
    } else if (/\r\ntransfer-encoding: *chunked/i.test(this.head)) {
      this.bodyBytes = 0;
      this.#reading = 'chunk-size';
    } else {
      throw new Error(`a response without a length: ${this.head}`);
    }
    return end + HEAD_END.length;
  }

  #readChunkSize(chunk: Buffer, at: number): number {
    // What ends the chunk before is read with the size of the next.
    const start = chunk.length - at >= 2 && chunk[at] === 13 && chunk[at + 1] === 10 ? at + 2 : at;
    const end = chunk.indexOf(LINE_END, start);
    if (end < 0) return -1;
    const size = Number.parseInt(chunk.toString('latin1', start, end), 16);
    this.bodyBytes += size;
    this.#left = size;
    this.#reading = size === 0 ? 'trailers' : 'chunk';
    return end + LINE_END.length;
  }

  #readTrailers(chunk: Buffer, at: number): number {
    const end = chunk.indexOf(LINE_END, at);
    if (end < 0) return -1;
    if (end === at) this.#reading = 'head';
    return end + LINE_END.length;
  }
}
