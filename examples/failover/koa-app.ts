/** The same shop on Koa, with the same sessions. */
import { session } from '@evenkeel/koa';
import Koa from 'koa';
import { cartOf } from './cart.ts';
import { page } from './page.ts';
import { sessionOptions } from './sessions.ts';

export function koaApp(name: string): Koa {
  const app = new Koa();
  app.use((ctx, next) => {
    ctx.set('X-Served-By', name);
    return ctx.path === '/health' ? void (ctx.body = 'ok') : next();
  });
  app.use(session(sessionOptions()));
  app.use(async (ctx) => {
    const [, resource, first, second] = ctx.path.split('/').map(decodeURIComponent);
    const route = `${ctx.method} /${resource}`;
    if (route === 'GET /') {
      ctx.type = 'html';
      ctx.body = page;
    } else if (route === 'PUT /login') {
      await ctx.session.regenerate();
      ctx.session.user = first!;
      ctx.body = { user: first };
    } else if (ctx.session.user === undefined) {
      ctx.status = 401;
      ctx.body = { user: null };
    } else if (route === 'PUT /cart') {
      ctx.session[`item_${first!}`] = second!;
      ctx.body = { user: ctx.session.user };
    } else if (route === 'GET /cart') {
      ctx.body = { user: ctx.session.user, items: cartOf(ctx.session) };
    }
  });
  return app;
}
