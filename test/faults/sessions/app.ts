/**
 * A real Express app with sessions over a Redis that fails, in a process of its own. Its task is `process.argv[2]`, an `AppTask` as
 * JSON. Tells its parent the port it listens on; ends with its parent.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { session } from '@evenkeel/express';
import { openStore, type Place, type VariantName } from './variants.ts';

export interface AppTask {
  readonly variant: VariantName;
  readonly place: Place;
  readonly prefix: string;
}

const { variant, place, prefix } = JSON.parse(process.argv[2]!) as AppTask;
const { store } = openStore(variant, place, prefix);

const app = express();
// Requests that fail are what the test is about; nobody needs them printed.
app.set('env', 'test');
app.use(session({ store, secret: 'a secret of the tests alone' }));
app.get('/untouched', (_req, res) => void res.json('hello'));
app.get('/read', (req, res) => void res.json(Reflect.get(req.session, 'name') ?? null));
app.get('/write/:name', (req, res) => {
  Object.assign(req.session, { name: req.params.name });
  req.session.increment('n');
  res.json('done');
});
app.get('/login', async (req, res) => {
  await req.session.regenerate();
  Object.assign(req.session, { name: 'ada' });
  res.redirect('/read');
});
app.get('/logout', async (req, res) => {
  await req.session.destroy();
  res.json('bye');
});

process.on('disconnect', () => process.exit());
const server = createServer(app);
server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
