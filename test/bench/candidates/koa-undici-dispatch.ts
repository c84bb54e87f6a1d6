import Koa from 'koa';
import { serve } from '../listen.ts';
import type { Protocol } from '../scenarios.ts';
import { passThrough } from './pass-through.ts';

export function start(origins: readonly string[], protocol: Protocol): Promise<number> {
  const app = new Koa();
  const { onRequest } = passThrough(origins);
  app.use((context) => {
    context.respond = false;
    onRequest(context.req, context.res);
  });
  return serve(protocol, app.callback());
}
