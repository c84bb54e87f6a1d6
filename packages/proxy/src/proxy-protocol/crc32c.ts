/**
 * CRC-32C (Castagnoli), the checksum of PROXY heads. Bit by bit: a head is short and comes once per connection, so a table would not pay.
 * @see RFC 4960 appendix B
 */
const POLYNOMIAL = 0x82f63b78;

/** @returns an unsigned 32-bit number */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (let i = 0; i < bytes.length; i++) {
    crc ^= bytes[i]!;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (POLYNOMIAL & -(crc & 1));
  }
  return ~crc >>> 0;
}
