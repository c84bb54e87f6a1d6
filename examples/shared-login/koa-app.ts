import { session } from '@evenkeel/koa';
import Koa from 'koa';
import { sessionOptions } from './session-options.ts';

const app = new Koa();
app.use(session(sessionOptions));

app.use(async (ctx) => {
  if (ctx.method === 'POST' && ctx.path === '/logout') {
    await ctx.session.logout();
    ctx.redirect('/');
  } else if (ctx.path === '/devices') {
    const sessions = await ctx.session.listAll();
    ctx.body = sessions.map(({ createdAt, isCurrent }) => ({ since: new Date(createdAt), isCurrent }));
  } else {
    ctx.body = { by: 'koa', user: ctx.session.principal ?? null };
  }
});

const server = app.listen(Number(process.env['PORT'] ?? 3001), '127.0.0.1', () => process.send?.(server.address()));
