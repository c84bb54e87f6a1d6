/**
 * What the laws over HTTP/2 stand on: what the others do, and a client of HTTP/2.
 */
import type { Arrangement, Rig, RigOptions } from './adapter-rig.ts';
import type { H2Client } from './http2-client.ts';

/** One arrangement, and a client of HTTP/2 in front of it. */
export interface Http2Arrangement extends Arrangement {
  readonly client: H2Client;
  /** A further one. */
  connect(): Promise<H2Client>;
}

export interface Http2Rig extends Omit<Rig, 'start'> {
  start(options?: RigOptions): Promise<Http2Arrangement>;
}

export type Http2Law = (law: number, sentence: string, run: (rig: Http2Rig) => Promise<void>) => void;
