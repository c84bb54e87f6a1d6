import assert from 'node:assert/strict';
import { closing } from '../closing.ts';
import { tcpProxy } from '../session-store/fixtures/tcp-proxy.ts';
import { judge } from './sessions/checker.ts';
import { DURABLE, FAULTS } from './sessions/nemesis.ts';
import { freePorts, needsRedisServer, redisProcess } from './sessions/redis-process.ts';
import { IS_FULL, runUnder } from './sessions/run.ts';
import { leaseOf, type Place, variantsFor } from './sessions/variants.ts';

// The servers are started here, with the program that would otherwise serve REDIS_URL.

/** The rests make the work last longer than the faults do, which some of the instances do not feel. */
const [COMMITS, ROUNDS, REST_MS] = IS_FULL ? [300, 3, 60] : [80, 1, 60];

/** The deadline of the store once more: then a commit of unknown outcome has happened, or never will. */
const SETTLED_AFTER_MS = 250;

function placeAt(port: number): Place {
  return { kind: 'single', port };
}

for (const [variant, made] of variantsFor('storm', IS_FULL)) {
  describe(`three instances of four writers over ${variant}`, function () {
    this.timeout(180_000);
    before(function () {
      needsRedisServer(this);
    });

    it('keep every promise while Redis is cut off, frozen, asleep, killed and restarted', async () => {
      const [port] = await freePorts(1);
      const redis = closing(await redisProcess(port!, DURABLE));
      const detour = await tcpProxy({ host: '127.0.0.1', port: port! });
      closing({ [Symbol.asyncDispose]: () => detour.close() });
      const ways = { place: placeAt(port!), detour: placeAt(detour.port) };
      const plan = { ...ways, instances: 3, writers: 4, restMs: REST_MS } as const;
      const sessions = { sessions: 8, doomed: 5, doomEvery: Math.floor(COMMITS / 4), isTally: false };
      const faults = Array.from({ length: ROUNDS }, () => Object.values(FAULTS)).flat();
      const run = { ...plan, ...sessions, variant, commits: COMMITS, seed: 1 };
      const { operations, finals } = await runUnder(run, async (fleet) => {
        for (const [i, fault] of faults.entries()) {
          await fleet.done((i + 1) / (faults.length + 1));
          await fault({ redis, detour }, fleet);
        }
      });
      // ioredis sends again what it got no answer to, and so does whoever waits for Redis to come back.
      const how = { leaseMs: leaseOf(made), isExact: false, settledAfterMs: SETTLED_AFTER_MS };
      assert.deepEqual(judge(operations, finals, how), []);
      const count = (outcome: string): number => operations.filter((operation) => operation.outcome === outcome).length;
      assert.equal(operations.filter(({ action }) => action.kind === 'commit').length, 3 * 4 * COMMITS + 8);
      assert.equal(count('fail'), 0);
      // Faults that nobody felt would prove nothing.
      assert.ok(count('unknown') >= 3 * ROUNDS * 12, `${count('unknown')} of unknown outcome`);
      assert.equal([...finals.values()].filter((final) => final === undefined).length, 5);
      if (IS_FULL) console.log(`      ${count('ok')} calls answered, ${count('unknown')} of unknown outcome`);
    });
  });
}
