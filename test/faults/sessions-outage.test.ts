import assert from 'node:assert/strict';
import { closing } from '../closing.ts';
import { type AppUnderFire, startApp, type Visit } from './sessions/browsers.ts';
import { DURABLE } from './sessions/nemesis.ts';
import { freePorts, needsRedisServer, type RedisProcess, redisProcess } from './sessions/redis-process.ts';
import { IS_FULL } from './sessions/run.ts';
import { variantsFor } from './sessions/variants.ts';

// The servers are started here, with the program that would otherwise serve REDIS_URL.

/** What each of the browsers asks for, over and over. A login and a logout begin with what the browser has by then. */
const PATHS = ['/read', '/write/ada', '/write/eve', '/login', '/logout', '/untouched'];
const REFUSALS = IS_FULL ? 100 : 20;

/** The store's deadline. A request may begin just before the outage, and a machine may be busy. */
const DEADLINE_MS = 250;
const SLACK_MS = IS_FULL ? 100 : 750;
/** What is refused without asking Redis. */
const AT_ONCE_MS = 50;

const OUTAGES: Readonly<Record<string, { begin(redis: RedisProcess): unknown; end(redis: RedisProcess): unknown }>> = {
  'frozen (SIGSTOP)': { begin: (redis) => redis.freeze(), end: (redis) => redis.thaw() },
  'dead (SIGKILL)': { begin: (redis) => redis.kill(), end: (redis) => redis.restart() },
};

function percentile(visits: readonly Visit[], percent: number): number {
  const times = visits.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b);
  return Math.ceil(times[Math.min(times.length - 1, Math.floor((times.length * percent) / 100))] ?? 0);
}

async function answeredAgain(app: AppUnderFire, cookie: string): Promise<string> {
  for (;;) {
    const { status, body } = await app.ask('/read', cookie);
    if (status === 200) return body;
  }
}

for (const [variant, { isResilient: hasBreaker }] of variantsFor('outage', IS_FULL)) {
  describe(`an Express app over ${variant} whose Redis is`, function () {
    this.timeout(120_000);
    before(function () {
      needsRedisServer(this);
    });

    for (const [outage, { begin, end }] of Object.entries(OUTAGES)) {
      const soon = hasBreaker === true ? 'at once' : 'in time';
      it(`${outage} answers every request ${soon}, survives, and has its sessions again`, async () => {
        const [port] = await freePorts(1);
        const redis = closing(await redisProcess(port!, DURABLE));
        const place = { kind: 'single', port: port! } as const;
        const app = closing(await startApp({ variant, place, prefix: 'outage:' }));
        const { cookie } = await app.ask('/write/grace');
        app.start(PATHS);
        await app.more(100, 200);

        const from = performance.now();
        await begin(redis);
        await app.more(REFUSALS, 503);
        const visits = app.visits.filter(({ startedAt, status }) => startedAt >= from && status === 503);
        await end(redis);
        assert.equal(await answeredAgain(app, cookie), '"grace"');
        await app.stop();

        assert.ok(app.isAlive);
        const [longest, usual] = [percentile(visits, 100), percentile(visits, 50)];
        assert.ok(longest <= DEADLINE_MS + SLACK_MS, `${longest} ms`);
        if (hasBreaker === true) assert.ok(usual <= AT_ONCE_MS, `usually ${usual} ms`);
        // Who has no session and needs none does not notice.
        const untouched = app.visits.filter(({ path }) => path === '/untouched');
        assert.deepEqual([...new Set(untouched.map(({ status }) => status))], [200]);
        assert.ok(app.visits.every(({ status }) => [200, 302, 503].includes(status)));
        if (IS_FULL) console.log(`      ${visits.length} refusals: median ${usual} ms, longest ${longest} ms`);
      });
    }
  });
}
