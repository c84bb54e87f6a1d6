import { session } from '@evenkeel/koa';
import { redisSessionStore, sqliteSessionStore } from '@evenkeel/session-store';
import { Redis } from 'ioredis';
import Koa from 'koa';

declare module '@evenkeel/session-store' {
  interface SessionFields {
    visits: number;
  }
}

// Redis for several machines; SQLite, which is built into Node, for several processes on one.
const { REDIS_URL, SQLITE_PATH, SESSION_SECRET } = process.env;
const store = REDIS_URL ? redisSessionStore(new Redis(REDIS_URL)) : sqliteSessionStore({ path: SQLITE_PATH! });

const app = new Koa();
app.use(session({ store, secret: SESSION_SECRET! }));
app.use((ctx) => {
  ctx.body = { visits: ctx.session.increment('visits'), servedBy: process.pid };
});

const server = app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => process.send?.(server.address()));
