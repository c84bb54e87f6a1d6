/**
 * One target: choosing among several would take a `router`, which costs it a promise more. A keep-alive agent of its own, since its
 * default one keeps 64 idle connections, and options that cost something (`xfwd`, `changeOrigin`) left off.
 */
import express from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { serve } from '../listen.ts';
import type { Protocol } from '../scenarios.ts';
import { keepAliveAgent } from './agent.ts';

export function start(origins: readonly string[], protocol: Protocol): Promise<number> {
  const app = express();
  const proxy = createProxyMiddleware({ target: origins[0]!, agent: keepAliveAgent() });
  app.use(proxy);
  return serve(protocol, app, proxy.upgrade as Parameters<typeof serve>[2]);
}
