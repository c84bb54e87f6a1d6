import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const PROBE = join(import.meta.dirname, 'allocation-probe.ts');
const NODE_ARGS = [
  '--conditions=source',
  '--disable-warning=ExperimentalWarning',
  '--expose-gc',
  '--min-semi-space-size=256',
  '--max-semi-space-size=256',
  // Compiled on the spot and not when a helper thread has got to it, so that every run counts the same.
  '--no-concurrent-recompilation',
];
const STRATEGIES = [
  'random',
  'roundRobin',
  'weightedRoundRobin',
  'leastRequest',
  'peakEwma',
  'rendezvousHash',
  'ringHash',
  'maglev',
  'prequal',
  'loadReported',
];
const LIMIT_BYTES = 64 * 1024;

/** Those that have another picker where weights are equal. */
const WITH_TWO_PICKERS = ['leastRequest', 'peakEwma'];

async function allocatedBy(what: string, strategy: string, weights: 'equal' | 'unlike'): Promise<number> {
  // Counting coverage allocates too.
  const env = { ...process.env, NODE_V8_COVERAGE: undefined };
  const { stdout } = await promisify(execFile)(process.execPath, [...NODE_ARGS, PROBE, what, strategy, weights], {
    env,
  });
  return Number(stdout);
}

describe('two million rounds', function () {
  this.timeout(60_000);

  for (const [strategy, weights] of [
    ...STRATEGIES.map((name) => [name, 'unlike'] as const),
    ...WITH_TWO_PICKERS.map((name) => [name, 'equal'] as const),
  ]) {
    for (const [what, sentence] of [
      ['picker', `of ${strategy}().pick`],
      ['cluster', `of cluster.pick with ${strategy}()`],
      ['attempt', `of pick, begin, report and end with ${strategy}()`],
    ] as const) {
      it(`${sentence} allocate nothing${weights === 'equal' ? ' where weights are equal' : ''}`, async () => {
        const bytes = await allocatedBy(what, strategy, weights);
        assert.ok(bytes >= 0, 'nothing was collected meanwhile');
        assert.ok(bytes < LIMIT_BYTES, `${bytes} bytes were allocated, which is ${bytes / 2_000_000} a round`);
      });
    }
  }
});
