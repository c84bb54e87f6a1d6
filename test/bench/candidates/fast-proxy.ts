/**
 * On bare node:http, which it is made for, with its undici client, which is faster here than its agent; connections as for
 * `@fastify/http-proxy`, and its cache of parsed URLs.
 */
import fastProxy from 'fast-proxy';
import { serve } from '../listen.ts';
import type { Protocol } from '../scenarios.ts';

export function start(origins: readonly string[], protocol: Protocol): Promise<number> {
  const { proxy } = fastProxy({ base: origins[0]!, undici: { connections: 128, pipelining: 1 } });
  return serve(protocol, (req, res) => proxy(req, res, req.url!, {}));
}
