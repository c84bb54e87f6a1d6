import { createServer } from 'node:http';
import { createCluster } from '@evenkeel/core';
import { balance } from '@evenkeel/koa';
import Koa from 'koa';
import { listen } from '../listen.ts';

export function start(origins: readonly string[]): Promise<number> {
  const app = new Koa();
  app.use(balance(createCluster({ endpoints: origins })));
  return listen(createServer(app.callback()));
}
