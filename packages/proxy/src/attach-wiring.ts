/**
 * What a framework has no part in, for the middleware of frameworks to carry along.
 */
import type { Proxy } from './proxy.ts';

/** The part of a proxy that is between it and the server. */
export interface Wiring {
  readonly upgrade: Proxy['upgrade'];
  readonly connect: Proxy['connect'];
  readonly checkContinue: Proxy['checkContinue'];
  readonly attach: Proxy['attach'];
  readonly close: Proxy['close'];
}

export function wiringOf({ upgrade, connect, checkContinue, attach, close }: Proxy): Wiring {
  return { upgrade, connect, checkContinue, attach, close };
}
