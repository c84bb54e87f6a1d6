import { redisSessionStore, sqliteSessionStore } from '@evenkeel/session-store';
import { Redis } from 'ioredis';

// Redis for several machines; SQLite, which is built into Node, for several processes on one.
const { REDIS_URL, SQLITE_PATH, SESSION_SECRET } = process.env;

/** What both applications must agree on: where sessions are, and what their cookies are signed with. */
export const sessionOptions = {
  store: REDIS_URL ? redisSessionStore(new Redis(REDIS_URL)) : sqliteSessionStore({ path: SQLITE_PATH! }),
  secret: SESSION_SECRET!,
};
