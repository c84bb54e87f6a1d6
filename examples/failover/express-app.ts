/** A shop on Express: log in, put things into a cart. */
import { session } from '@evenkeel/express';
import express from 'express';
import { cartOf } from './cart.ts';
import { page } from './page.ts';
import { sessionOptions } from './sessions.ts';

export function expressApp(name: string): express.Express {
  const app = express();
  app.use((_req, res, next) => {
    res.set('X-Served-By', name);
    next();
  });
  app.get('/health', (_req, res) => void res.send('ok'));
  app.use(session(sessionOptions()));
  app.get('/', (_req, res) => void res.type('html').send(page));
  app.put('/login/:user', async (req, res) => {
    await req.session.regenerate();
    req.session.user = req.params.user;
    res.json({ user: req.session.user });
  });
  app.use((req, res, next) => {
    if (req.session.user === undefined) res.status(401).json({ user: null });
    else next();
  });
  app.put('/cart/:update/:item', (req, res) => {
    req.session[`item_${req.params.update}`] = req.params.item;
    res.json({ user: req.session.user });
  });
  app.get('/cart', (req, res) => void res.json({ user: req.session.user, items: cartOf(req.session) }));
  return app;
}
