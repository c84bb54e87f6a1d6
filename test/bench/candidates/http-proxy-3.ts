/**
 * Its native path with a keep-alive agent: without one it opens a connection for every request. One target, no `xfwd`.
 */
import { createProxyServer } from 'http-proxy-3';
import { serve } from '../listen.ts';
import type { Protocol } from '../scenarios.ts';
import { keepAliveAgent } from './agent.ts';

export function start(origins: readonly string[], protocol: Protocol): Promise<number> {
  const proxy = createProxyServer({ target: origins[0]!, agent: keepAliveAgent() });
  proxy.on('error', (error) => console.error(error.message));
  return serve(
    protocol,
    (req, res) => proxy.web(req, res),
    (req, socket, head) => proxy.ws(req, socket as Parameters<typeof proxy.ws>[1], head),
  );
}
