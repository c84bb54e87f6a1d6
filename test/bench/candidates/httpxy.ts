/**
 * Its `createProxyServer`, with an agent that keeps more idle connections than the default one. One target, no `xfwd`.
 */
import { createProxyServer } from 'httpxy';
import { serve } from '../listen.ts';
import type { Protocol } from '../scenarios.ts';
import { keepAliveAgent } from './agent.ts';

export function start(origins: readonly string[], protocol: Protocol): Promise<number> {
  const proxy = createProxyServer({ target: origins[0]!, agent: keepAliveAgent() });
  return serve(
    protocol,
    (req, res) => void proxy.web(req, res),
    (req, socket, head) => void proxy.ws(req, socket as Parameters<typeof proxy.ws>[1], {}, head),
  );
}
