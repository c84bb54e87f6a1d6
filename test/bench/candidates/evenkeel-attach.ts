/**
 * What an application gains that lets the balancer have its requests before Express sees them. Express is there for all others.
 */
import { createServer } from 'node:http';
import { createCluster } from '@evenkeel/core';
import { balance } from '@evenkeel/express';
import express from 'express';
import { KEPT_ALIVE_MS, listen } from '../listen.ts';

export function start(origins: readonly string[]): Promise<number> {
  const server = createServer({ keepAliveTimeout: KEPT_ALIVE_MS }, express());
  balance(createCluster({ endpoints: origins })).attach(server, { path: '/' });
  return listen(server);
}
