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
// However this process goes, the others notice and go too, and `exit` takes the temporary folder along.
process.on('uncaughtException', (error) => {
  console.error(error.message);
  process.exit(1);
});
const leave = (): void => process.exit(130);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, leave);

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
// From here on there is something to sum up. A second Ctrl-C ends it at once.
process.off('SIGINT', leave);
process.once('SIGINT', () => {
  stop.abort();
  process.on('SIGINT', leave);
});

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
