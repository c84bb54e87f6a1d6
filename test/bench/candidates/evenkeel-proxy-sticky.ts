import { createCluster } from '@evenkeel/core';
import { createProxy } from '@evenkeel/proxy';
import { serve } from '../listen.ts';
import type { Protocol } from '../scenarios.ts';

export function start(origins: readonly string[], protocol: Protocol): Promise<number> {
  const proxy = createProxy(createCluster({ endpoints: origins }), { sticky: true });
  return serve(protocol, (req, res) => proxy.web(req, res));
}
