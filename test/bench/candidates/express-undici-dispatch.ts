import { createServer } from 'node:http';
import express from 'express';
import { listen } from '../listen.ts';
import { passThrough } from './pass-through.ts';

export function start(origins: readonly string[]): Promise<number> {
  const app = express();
  app.use(passThrough(origins));
  return listen(createServer(app));
}
