import fastifyCookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import { fastifySessionStore } from '@evenkeel/session-store/express-session';
import fastify from 'fastify';
import { serve } from '../fixtures/serve.ts';
import { describeDropIn } from './laws.ts';

describeDropIn({
  name: '@fastify/session',
  async serve(store, work) {
    const app = fastify();
    app.register(fastifyCookie);
    app.register(fastifySession, {
      secret: 'a secret of the tests, which has 32 characters or more',
      cookie: { secure: false },
      saveUninitialized: false,
      store: fastifySessionStore({ store }),
    });
    app.get('/*', async (request) => {
      const path = new URL(request.url, 'http://localhost').pathname;
      const session = request.session as never;
      return (await work.get(path)!({ session, logout: () => request.session.destroy() })) ?? null;
    });
    await app.ready();
    return serve((req, res) => app.routing(req, res));
  },
});
