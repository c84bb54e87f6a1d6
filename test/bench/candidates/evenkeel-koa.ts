import { createCluster } from '@evenkeel/core';
import { balance } from '@evenkeel/koa';
import Koa from 'koa';
import { serve } from '../listen.ts';
import type { Protocol } from '../scenarios.ts';

export function start(origins: readonly string[], protocol: Protocol): Promise<number> {
  const app = new Koa();
  const balancer = balance(createCluster({ endpoints: origins }));
  app.use(balancer);
  return serve(protocol, app.callback(), balancer.upgrade);
}
