/**
 * http-proxy 1.x in Koa, with a keep-alive agent, no log and no events.
 */
import Koa from 'koa';
import proxy from 'koa-proxies';
import { serve } from '../listen.ts';
import type { Protocol } from '../scenarios.ts';
import { keepAliveAgent } from './agent.ts';

export function start(origins: readonly string[], protocol: Protocol): Promise<number> {
  const app = new Koa();
  app.use(proxy('/', { target: origins[0]!, agent: keepAliveAgent() }));
  return serve(protocol, app.callback());
}
