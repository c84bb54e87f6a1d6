import { createServer } from 'node:http';
import { createCluster } from '@evenkeel/core';
import { createProxy } from '@evenkeel/proxy';
import { listen } from '../listen.ts';

export function start(origins: readonly string[]): Promise<number> {
  const proxy = createProxy(createCluster({ endpoints: origins }), { sticky: true });
  return listen(createServer((req, res) => proxy.web(req, res)));
}
