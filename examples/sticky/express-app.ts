import { session } from '@evenkeel/express';
import { redisSessionStore, sqliteSessionStore } from '@evenkeel/session-store';
import express from 'express';
import { Redis } from 'ioredis';

declare module '@evenkeel/session-store' {
  interface SessionFields {
    visits: number;
  }
}

// Redis for several machines; SQLite, which is built into Node, for several processes on one.
const { REDIS_URL, SQLITE_PATH, SESSION_SECRET } = process.env;
const store = REDIS_URL ? redisSessionStore(new Redis(REDIS_URL)) : sqliteSessionStore({ path: SQLITE_PATH! });

const app = express();
app.use(session({ store, secret: SESSION_SECRET! }));
app.get('/', (req, res) => {
  res.json({ visits: req.session.increment('visits'), servedBy: process.pid });
});

const server = app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => process.send?.(server.address()));
