import { createServer } from 'node:http';
import { createCluster } from '@evenkeel/core';
import { balance } from '@evenkeel/express';
import express from 'express';
import { listen } from '../listen.ts';

export function start(origins: readonly string[]): Promise<number> {
  const app = express();
  app.use(balance(createCluster({ endpoints: origins })));
  return listen(createServer(app));
}
