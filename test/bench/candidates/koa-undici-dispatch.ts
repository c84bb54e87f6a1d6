import { createServer } from 'node:http';
import Koa from 'koa';
import { listen } from '../listen.ts';
import { passThrough } from './pass-through.ts';

export function start(origins: readonly string[]): Promise<number> {
  const app = new Koa();
  const pass = passThrough(origins);
  app.use((context) => {
    context.respond = false;
    pass(context.req, context.res);
  });
  return listen(createServer(app.callback()));
}
