import { createCluster } from '@evenkeel/core';
import { balance } from '@evenkeel/express';
import express from 'express';
import { serve } from '../listen.ts';
import type { Protocol } from '../scenarios.ts';

export function start(origins: readonly string[], protocol: Protocol): Promise<number> {
  const app = express();
  const balancer = balance(createCluster({ endpoints: origins }));
  app.use(balancer);
  return serve(protocol, app, balancer.upgrade);
}
