import { session } from '@evenkeel/express';
import express from 'express';
import { sessionOptions } from './session-options.ts';

const app = express();
app.use(session(sessionOptions));

app.get('/', (req, res) => {
  res.json({ by: 'express', user: req.session.principal ?? null });
});
app.post('/login/:user', async (req, res) => {
  // Check a password here. `login` gives the session a new id, so that an id which somebody planted before is worth nothing.
  await req.session.login(req.params.user);
  res.redirect(303, '/');
});
app.post('/logout-everywhere', async (req, res) => {
  await req.session.destroyAll();
  res.redirect(303, '/');
});

const server = app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => process.send?.(server.address()));
