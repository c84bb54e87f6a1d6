import type { Endpoint } from '../endpoint.ts';

/** Where to connect to for an endpoint. */
export interface Address {
  /** A name or an address; IPv6 without its brackets. */
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  /** A Unix socket to connect to in place of host and port. */
  readonly socketPath: string | undefined;
}

export function addressOf(endpoint: Endpoint): Address {
  const { protocol, hostname, port } = new URL(endpoint.origin);
  const isTls = protocol === 'https:';
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || (isTls ? 443 : 80),
    isTls,
    socketPath: endpoint.socketPath,
  };
}
