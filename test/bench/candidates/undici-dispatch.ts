import { createServer } from 'node:http';
import { listen } from '../listen.ts';
import { passThrough } from './pass-through.ts';

export function start(origins: readonly string[]): Promise<number> {
  return listen(createServer(passThrough(origins)));
}
