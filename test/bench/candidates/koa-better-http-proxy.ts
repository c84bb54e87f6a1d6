/**
 * With a keep-alive agent. It holds request bodies, which is faster here than `parseReqBody: false`.
 */
import Koa from 'koa';
import proxy from 'koa-better-http-proxy';
import { serve } from '../listen.ts';
import type { Protocol } from '../scenarios.ts';
import { keepAliveAgent } from './agent.ts';

export function start(origins: readonly string[], protocol: Protocol): Promise<number> {
  const app = new Koa();
  app.use(proxy(origins[0]!, { agent: keepAliveAgent(), limit: '2mb' }));
  return serve(protocol, app.callback());
}
