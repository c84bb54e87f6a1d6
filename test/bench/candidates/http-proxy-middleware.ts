/**
 * One target: choosing among several would take a `router`, which costs it a promise more. A keep-alive agent of its own, since its
 * default one keeps 64 idle connections, and options that cost something (`xfwd`, `changeOrigin`) left off.
 */
import { Agent, createServer } from 'node:http';
import express from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { listen } from '../listen.ts';

export function start(origins: readonly string[]): Promise<number> {
  const app = express();
  const agent = new Agent({ keepAlive: true, maxSockets: 256, maxFreeSockets: 256 });
  app.use(createProxyMiddleware({ target: origins[0]!, agent }));
  return listen(createServer(app));
}
