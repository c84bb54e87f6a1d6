import express from 'express';
import { serve } from '../listen.ts';
import type { Protocol } from '../scenarios.ts';
import { passThrough } from './pass-through.ts';

export function start(origins: readonly string[], protocol: Protocol): Promise<number> {
  const app = express();
  app.use(passThrough(origins).onRequest);
  return serve(protocol, app);
}
