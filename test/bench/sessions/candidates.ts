/**
 * Who takes part. Each is set up as its own documentation shows it, with the options that spare it work.
 */
import type { RequestListener } from 'node:http';
import { RedisStore } from 'connect-redis';
import express from 'express';
import type { RequestHandler } from 'express';
import expressPeer from 'express-session';
import { Redis } from 'ioredis';
import Koa from 'koa';
import koaPeer from 'koa-session';
import { createClient } from 'redis';
import { session as expressSession } from '@evenkeel/express';
import { session as koaSession } from '@evenkeel/koa';
import { memorySessionStore, redisSessionStore } from '@evenkeel/session-store';
import type { SessionStore } from '@evenkeel/session-store';
import { logIn, plainBody, use } from './scenarios.ts';
import type { Work } from './scenarios.ts';

/** One line of the table. */
export interface Candidate {
  readonly name: string;
  /** The line without sessions that it is told as a multiple of. */
  readonly framework: 'express' | 'koa';
  /** Whose versions to print. */
  readonly packages: readonly string[];
  /** @param redisUrl a Redis of the bench's own */
  readonly make: (work: Work, redisUrl: string) => Promise<RequestListener>;
}

const SECRET = 'a secret of the bench alone';

type Layer = (redisUrl: string) => RequestHandler | Promise<RequestHandler>;

function onExpress(name: string, packages: readonly string[], layer?: Layer): Candidate {
  return {
    name: `express ${name}`,
    framework: 'express',
    packages: ['express', ...packages],
    async make(work, redisUrl) {
      const app = express();
      if (layer !== undefined) app.use(await layer(redisUrl));
      app.get('/login', (req, res) => {
        logIn(req.session);
        res.send(plainBody());
      });
      app.get('/', (req, res) => {
        const isPlain = layer === undefined || work === 'untouched' || work === 'unread';
        res.send(isPlain ? plainBody() : use(work, req.session));
      });
      return app;
    },
  };
}

type KoaLayer = (app: Koa, redisUrl: string) => Koa.Middleware;

function onKoa(name: string, packages: readonly string[], layer?: KoaLayer): Candidate {
  return {
    name: `koa ${name}`,
    framework: 'koa',
    packages: ['koa', ...packages],
    async make(work, redisUrl) {
      const app = new Koa();
      app.keys = [SECRET];
      if (layer !== undefined) app.use(layer(app, redisUrl));
      const isPlain = layer === undefined || work === 'untouched' || work === 'unread';
      app.use((ctx) => {
        if (ctx.path === '/login') logIn(ctx.session);
        ctx.body = isPlain || ctx.path === '/login' ? plainBody() : use(work, ctx.session);
      });
      return app.callback();
    },
  };
}

/** Ours as it comes: reads from memory while nobody else has changed the session. */
function redisStore(redisUrl: string): SessionStore {
  return redisSessionStore(new Redis(redisUrl));
}

/** Ours without that: each request asks Redis, as those of the others do. */
function uncachedRedisStore(redisUrl: string): SessionStore {
  return redisSessionStore(new Redis(redisUrl, { autoResendUnfulfilledCommands: false }), {
    prefix: 'uncached:',
    nearCache: false,
  });
}

async function connectRedis(redisUrl: string): Promise<RequestHandler> {
  const client = createClient({ url: redisUrl });
  client.on('error', () => undefined);
  await client.connect();
  return expressPeer({
    store: new RedisStore({ client, prefix: 'peer:' }),
    secret: SECRET,
    resave: false,
    saveUninitialized: false,
  });
}

function koaPeerOn(app: Koa, redisUrl: string): Koa.Middleware {
  const redis = new Redis(redisUrl);
  const store = {
    async get(key: string): Promise<unknown> {
      const text = await redis.get(`koa:${key}`);
      return text === null ? undefined : JSON.parse(text);
    },
    async set(key: string, value: unknown, maxAge: unknown): Promise<void> {
      await redis.set(`koa:${key}`, JSON.stringify(value), 'PX', Number(maxAge));
    },
    async destroy(key: string): Promise<void> {
      await redis.del(`koa:${key}`);
    },
  };
  return koaPeer({ store }, app);
}

export const CANDIDATES: readonly Candidate[] = [
  onExpress('without sessions', []),
  onExpress('ours on memory', [], () => expressSession({ store: memorySessionStore(), secret: SECRET })),
  onExpress('ours on redis', ['ioredis'], (url) => expressSession({ store: redisStore(url), secret: SECRET })),
  onExpress('ours on redis, no near cache', ['ioredis'], (url) =>
    expressSession({ store: uncachedRedisStore(url), secret: SECRET }),
  ),
  onExpress('express-session + connect-redis', ['express-session', 'connect-redis', 'redis'], connectRedis),
  onKoa('without sessions', []),
  onKoa('ours on memory', [], () => koaSession({ store: memorySessionStore(), secret: SECRET })),
  onKoa('ours on redis', ['ioredis'], (_, url) => koaSession({ store: redisStore(url), secret: SECRET })),
  onKoa('ours on redis, no near cache', ['ioredis'], (_, url) =>
    koaSession({ store: uncachedRedisStore(url), secret: SECRET }),
  ),
  onKoa('koa-session + ioredis', ['koa-session', 'ioredis'], koaPeerOn),
];
