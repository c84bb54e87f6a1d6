import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { StormReport } from './fixtures/storm.ts';

/** The issue's own measure takes half a minute: `EVENKEEL_FAULTS=full`. */
const [ABORTS, DEATHS] = process.env['EVENKEEL_FAULTS'] === 'full' ? [10_000, 1_000] : [600, 120];

async function stormOf(seed: number): Promise<StormReport> {
  const args = [
    '--expose-gc',
    join(import.meta.dirname, 'fixtures/storm.ts'),
    String(ABORTS),
    String(DEATHS),
    String(seed),
  ];
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, ...args]);
  return JSON.parse(stdout) as StormReport;
}

describe('clients that leave and endpoints that die at any moment', () => {
  it('leave no socket open, nothing in flight and nothing in memory', async () => {
    const { answers, heapBefore, heapAfter, ...left } = await stormOf(1);
    assert.deepEqual(left, {
      unhandled: 0,
      inflight: 0,
      clientSockets: 0,
      frontSockets: 0,
      upstreamSocketsAfterClose: 0,
    });
    assert.ok(heapAfter - heapBefore < 4, `${(heapAfter - heapBefore).toFixed(1)} MiB more on the heap`);
    assert.equal(answers['left'], ABORTS + Math.ceil(ABORTS / 5));
  }).timeout(240_000);
});
