/**
 * Bodies streamed both ways: `parseReqBody: false`, and nothing that decorates the response. Its hook for the options of a request is
 * where it is given an agent and told to keep connections.
 */
import express from 'express';
import proxy from 'express-http-proxy';
import { serve } from '../listen.ts';
import type { Protocol } from '../scenarios.ts';
import { keepAliveAgent } from './agent.ts';

export function start(origins: readonly string[], protocol: Protocol): Promise<number> {
  const app = express();
  const agent = keepAliveAgent();
  app.use(
    proxy(origins[0]!, {
      parseReqBody: false,
      proxyReqOptDecorator: (options) => {
        options.agent = agent;
        options.headers = { ...options.headers, connection: 'keep-alive' };
        return options;
      },
    }),
  );
  return serve(protocol, app);
}
