import type { Endpoint } from '../endpoint.ts';
import { integerIn } from '../options.ts';
import type { v } from '../options.ts';

/** A port that can be asked. */
export const probePort: v.GenericSchema<number> = integerIn(1, 65_535);

/** Where an endpoint is. */
export interface ProbeTarget {
  /** A name or an address; IPv6 without its brackets. */
  readonly host: string;
  readonly port: number;
}

export function targetOf(endpoint: Endpoint): ProbeTarget {
  const { protocol, hostname, port } = new URL(endpoint.origin);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || (protocol === 'https:' ? 443 : 80) };
}
