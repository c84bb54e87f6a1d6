import { serve } from '../listen.ts';
import type { Protocol } from '../scenarios.ts';
import { passThrough } from './pass-through.ts';

export function start(origins: readonly string[], protocol: Protocol): Promise<number> {
  const { onRequest, onUpgrade } = passThrough(origins);
  return serve(protocol, onRequest, onUpgrade);
}
