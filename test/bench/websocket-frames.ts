/**
 * As much of RFC 6455 as an echo takes: whole text frames, one after the other.
 */

export const TEXT = 1;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** @param mask four bytes, which clients must give; servers must not */
export function frame(opcode: number, payload: Buffer, mask?: Buffer): Buffer {
  const lengthBytes = payload.length < 126 ? 0 : payload.length < 65_536 ? 2 : 8;
  const bytes = Buffer.alloc(2 + lengthBytes + (mask?.length ?? 0) + payload.length);
  bytes[0] = 0x80 | opcode;
  bytes[1] = (mask === undefined ? 0 : 0x80) | (lengthBytes === 0 ? payload.length : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) bytes.writeUInt16BE(payload.length, 2);
  if (lengthBytes === 8) bytes.writeBigUInt64BE(BigInt(payload.length), 2);
  mask?.copy(bytes, 2 + lengthBytes);
  const start = bytes.length - payload.length;
  payload.copy(bytes, start);
  if (mask !== undefined) applyMask(bytes, start, mask);
  return bytes;
}

function applyMask(bytes: Buffer, start: number, mask: Buffer): void {
  for (let i = start; i < bytes.length; i++) bytes[i]! ^= mask[(i - start) & 3]!;
}

/** Cuts what arrives into frames. */
export class FrameReader {
  readonly #onFrame: (opcode: number, payload: Buffer) => void;
  #kept: Buffer | undefined = undefined;

  /** @param onFrame gets the payload unmasked, and may not keep it */
  constructor(onFrame: (opcode: number, payload: Buffer) => void) {
    this.#onFrame = onFrame;
  }

  /** Takes what has arrived; the buffer may be used again afterwards. @throws Error for a frame that is not whole */
  read(arrived: Buffer): void {
    const bytes = this.#kept === undefined ? arrived : Buffer.concat([this.#kept, arrived]);
    this.#kept = undefined;
    let at = 0;
    while (at < bytes.length) {
      const next = this.#readFrame(bytes, at);
      if (next < 0) {
        this.#kept = Buffer.from(bytes.subarray(at));
        return;
      }
      at = next;
    }
  }

  /** @returns where the next frame begins; -1 if this one is not all there yet */
  #readFrame(bytes: Buffer, at: number): number {
    if (bytes.length - at < 2) return -1;
    if ((bytes[at]! & 0x80) === 0) throw new Error('a message in several frames');
    const short = bytes[at + 1]! & 0x7f;
    const isMasked = (bytes[at + 1]! & 0x80) !== 0;
    if (short === 127) throw new Error('a frame of 64 KiB or more');
    let start = at + 2 + (short === 126 ? 2 : 0);
    if (bytes.length < start) return -1;
    const length = short === 126 ? bytes.readUInt16BE(at + 2) : short;
    if (isMasked) start += 4;
    const end = start + length;
    if (bytes.length < end) return -1;
    const payload = bytes.subarray(start, end);
    if (isMasked) applyMask(payload, 0, bytes.subarray(start - 4, start));
    this.#onFrame(bytes[at]! & 0x0f, payload);
    return end;
  }
}
