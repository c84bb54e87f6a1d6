import { createRequire } from 'node:module';
import type * as Undici from 'undici';

const load = createRequire(import.meta.url);

/** Loads undici when it is first needed: that takes tens of milliseconds, and most clusters never need it. */
export function loadUndici(): typeof Undici {
  return load('undici') as typeof Undici;
}
