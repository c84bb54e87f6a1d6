/**
 * IP addresses between text and bytes, one text per address: heads are compared, listed and shown by it.
 */
import { isIPv4, isIPv6, SocketAddress } from 'node:net';

const MAPPED = '::ffff:';
const MAPPED_BYTES: Buffer = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]);

/** How the system itself writes the address; IPv4 in IPv6 as IPv4. Undefined for what is no address, or one of a single link (`%eth0`). */
export function canonicalIp(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const { address } = new SocketAddress({ address: text, family: 'ipv6' });
  const tail = address.startsWith(MAPPED) ? address.slice(MAPPED.length) : '';
  return isIPv4(tail) ? tail : address;
}

/** The address in `bytes` from `at` on. @param length 4 or 16 */
export function readIp(bytes: Buffer, at: number, length: 4 | 16): string {
  if (length === 4) return bytes.subarray(at, at + 4).join('.');
  const groups: string[] = [];
  for (let i = at; i < at + 16; i += 2) groups.push(bytes.readUInt16BE(i).toString(16));
  return canonicalIp(groups.join(':'))!;
}

/** The bytes of an address in its canonical form. @param length 16 also for IPv4, which is then mapped */
export function ipBytes(address: string, length: 4 | 16): Buffer {
  if (!address.includes(':')) {
    const dotted = Buffer.from(address.split('.').map(Number));
    return length === 4 ? dotted : Buffer.concat([MAPPED_BYTES, dotted]);
  }
  const [head, tail] = address.split('::', 2).map(groupsIn) as [number[], number[]?];
  const bytes = Buffer.alloc(16);
  head.forEach((group, i) => bytes.writeUInt16BE(group, 2 * i));
  tail?.forEach((group, i) => bytes.writeUInt16BE(group, 16 - 2 * (tail.length - i)));
  return bytes;
}

/** The system writes the last two groups of some addresses as IPv4 (`::192.0.2.1`). */
function groupsIn(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a, b, c, d] = group.split('.').map(Number) as [number, number, number, number];
    return [(a << 8) | b, (c << 8) | d];
  });
}
