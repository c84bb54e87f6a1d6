import assert from 'node:assert/strict';
import { closing } from '../closing.ts';
import { judge } from './sessions/checker.ts';
import { clusterRig } from './sessions/cluster-rig.ts';
import { needsRedisServer } from './sessions/redis-process.ts';
import type { FailoverRig } from './sessions/rig.ts';
import { IS_FULL, type RunRecord, runUnder } from './sessions/run.ts';
import { sentinelRig } from './sessions/sentinel-rig.ts';
import { rowOf, type Tally, tallyOf, totalOf } from './sessions/tally.ts';
import type { Rule } from './sessions/verdict.ts';
import { leaseOf, type VariantName, variantsFor } from './sessions/variants.ts';

// The servers are started here, with the program that would otherwise serve REDIS_URL.

const RIGS: Readonly<Record<string, (lagMs: number) => Promise<FailoverRig>>> = {
  Sentinel: sentinelRig,
  Cluster: clusterRig,
};
const FAILOVERS = IS_FULL ? 20 : 1;
/** As it comes on one machine, and as between two places. */
const LAGS = IS_FULL ? [0, 20] : [20];
/** Calls that are answered before the master dies, and after another one has taken over. */
const ANSWERED = IS_FULL ? 600 : 300;

async function runWithFailover(rig: FailoverRig, variant: VariantName, seed: number): Promise<RunRecord> {
  const work = { instances: 3, writers: 4, commits: Number.MAX_SAFE_INTEGER, restMs: 4, isTally: true } as const;
  const plan = { ...work, place: rig.place, variant, seed, sessions: 240, doomed: 200, doomEvery: 5 };
  return runUnder(plan, async (fleet) => {
    await fleet.more(ANSWERED, ['ok']);
    await rig.failOver();
    await fleet.more(ANSWERED, ['ok']);
    fleet.stop();
  });
}

for (const [kind, make] of Object.entries(RIGS)) {
  for (const [name, made] of variantsFor('failover', IS_FULL)) {
    if (kind === 'Cluster' && made.isCached === true) continue;
    const isLossless = made.acknowledge === 'replica';
    describe(`a failover by ${kind} under three instances of four writers over ${name}`, function () {
      this.timeout(FAILOVERS * 60_000);
      before(function () {
        needsRedisServer(this);
      });

      for (const lagMs of LAGS) {
        const what = isLossless ? 'loses nothing acknowledged' : 'applies nothing twice and nothing that nobody wrote';
        it(`${what}, with replicas ${lagMs} ms behind`, async () => {
          const tallies: Tally[] = [];
          for (let i = 0; i < FAILOVERS; i++) {
            const rig = closing(await make(lagMs));
            const record = await runWithFailover(rig, name, i + 1);
            await rig[Symbol.asyncDispose]();
            tallies.push(tallyOf(record));
            const rules = judge(record.operations, record.finals, {
              leaseMs: leaseOf(made),
              isExact: false,
              mayLose: !isLossless,
            }).map(({ rule }) => rule);
            // Where something is lost, versions are given again, and much else follows from that.
            const never: readonly Rule[] = ['twice', 'unwritten'];
            assert.deepEqual(isLossless ? rules : rules.filter((rule) => never.includes(rule)), []);
            assert.equal(record.operations.filter(({ outcome }) => outcome === 'fail').length, 0);
          }
          const total = totalOf(tallies);
          if (isLossless) assert.deepEqual([total.lost, total.undone], [0, 0]);
          if (IS_FULL) console.log(rowOf(`${kind}, ${name}`, lagMs, FAILOVERS, total));
        });
      }
    });
  }
}
