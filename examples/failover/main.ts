/**
 * Three app instances (two Express, one Koa) share sessions behind a balancer; one is killed, one drained and restarted, and every user
 * stays logged in with a whole cart. Run it with `pnpm demo`; `pnpm demo --help` lists its options.
 */
import { end, start, startInstance } from './fleet.ts';
import { followFront } from './front-line.ts';
import { readOptions } from './options.ts';
import { chooseHome } from './sessions.ts';
import { tellStory } from './story.ts';
import { printSummary } from './summary.ts';
import { Tally } from './tally.ts';
import { shop } from './users.ts';
import { View } from './view.ts';

const options = readOptions(process.argv.slice(2));
const home = await chooseHome(options.store);
const fleet = await Promise.all([
  startInstance('app-1-express', 'express', home.env),
  startInstance('app-2-koa', 'koa', home.env),
  startInstance('app-3-express', 'express', home.env),
]);
const addresses = fleet.map(({ name, port }) => `${name}=http://127.0.0.1:${port}`);
const { child: front, message: port } = await start('front.ts', [String(options.port), ...addresses], {});
const origin = `http://127.0.0.1:${port as number}`;

const tally = new Tally();
const view = new View(!options.isCheck && process.stdout.isTTY, [
  `Sessions live in ${home.description}.`,
  `Open ${origin} in a browser; Ctrl-C ends the demo.`,
]);
const line = followFront(front, (report) => view.draw(report, tally));
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());

const users = Array.from({ length: options.users }, (_, i) => shop(origin, `user-${i}`, tally, stop.signal));
const isToldWhole = await tellStory({
  fleet,
  line,
  env: home.env,
  view,
  signal: stop.signal,
  seconds: options.seconds,
});
stop.abort();
await Promise.all(users);

for (const child of [front, ...fleet.map((instance) => instance.process)]) await end(child, 'SIGKILL');
await home[Symbol.asyncDispose]();
const isGood = printSummary(tally, options.users, home.description);
process.exitCode = isGood && (isToldWhole || !options.isCheck) ? 0 : 1;
