/**
 * The head of the PROXY protocol as it is sent, from the two ends of a client's connection.
 * @see https://www.haproxy.org/download/1.8/doc/proxy-protocol.txt
 */
import { canonicalIp, ipBytes } from './ip.ts';

/** 1 is a line of text, 2 a block of bytes. */
export type ProxyProtocolVersion = 1 | 2;

/** One end of a connection as a socket tells it; both are undefined on a Unix socket. */
export interface SocketEnd {
  readonly address: string | undefined;
  readonly port: number | undefined;
}

const V2_START = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const LOCAL = 0x20;
const PROXY = 0x21;
const TCP4 = 0x11;
const TCP6 = 0x21;

/**
 * Every end is an IP address and a port, or nothing is said of either (version 1: `UNKNOWN`; version 2: `LOCAL`, which receivers have to
 * accept). IPv4 in IPv6 is IPv4; ends of two families are both told as IPv6.
 */
export function proxyHeader(
  version: ProxyProtocolVersion,
  ends: { source: SocketEnd; destination: SocketEnd },
): Buffer {
  const source = addressOf(ends.source);
  const destination = addressOf(ends.destination);
  if (source === undefined || destination === undefined) {
    return version === 1 ? Buffer.from('PROXY UNKNOWN\r\n', 'latin1') : block(LOCAL, 0, []);
  }
  const isV4 = !source.includes(':') && !destination.includes(':');
  const [sourcePort, destinationPort] = [ends.source.port!, ends.destination.port!];
  if (version === 1) {
    const pair = isV4 ? `TCP4 ${source} ${destination}` : `TCP6 ${inV6(source)} ${inV6(destination)}`;
    return Buffer.from(`PROXY ${pair} ${sourcePort} ${destinationPort}\r\n`, 'latin1');
  }
  const size = isV4 ? 4 : 16;
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(sourcePort, 0);
  ports.writeUInt16BE(destinationPort, 2);
  return block(PROXY, isV4 ? TCP4 : TCP6, [ipBytes(source, size), ipBytes(destination, size), ports]);
}

/** The canonical address; undefined unless there is a port with it. */
function addressOf({ address, port }: SocketEnd): string | undefined {
  if (address === undefined || port === undefined || !Number.isInteger(port) || port < 0 || port > 65_535)
    return undefined;
  // The link that a link-local address is on means nothing elsewhere.
  return canonicalIp(address.split('%', 1)[0]!);
}

function inV6(address: string): string {
  return address.includes(':') ? address : `::ffff:${address}`;
}

function block(command: number, family: number, parts: readonly Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([V2_START, Buffer.from([command, family, length >> 8, length & 0xff]), ...parts]);
}
