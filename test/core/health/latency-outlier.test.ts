import assert from 'node:assert/strict';
import { latencyOutlier } from '@evenkeel/core';
import type { EjectionTracker, LatencyOutlierOptions } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { drive, well } from './fleet.ts';
import type { Behaviour } from './fleet.ts';
import { assertRefused, tell, trackMany } from './judging.ts';

/** `n` endpoints with these latencies, 25 answers each at the same time; gives when each was told to go, 0 for never. */
function told(latenciesMs: readonly number[], options: LatencyOutlierOptions = {}, answers = 25): number[] {
  const trackers = trackMany(latencyOutlier(options), latenciesMs.length);
  return rounds(trackers, (i) => latenciesMs[i]!, answers);
}

function rounds(
  trackers: readonly EjectionTracker[],
  latencyMs: (tracker: number, round: number) => number,
  answers: number,
  from = 0,
): number[] {
  const times = trackers.map(() => 0);
  for (let round = 0; round < answers; round++) {
    trackers.forEach((tracker, i) => {
      const forMs = tell(tracker, 'success', from + round * 1_000, latencyMs(i, round));
      if (forMs > 0) times[i] = forMs;
    });
  }
  return times;
}

function isTold(latenciesMs: readonly number[], options?: LatencyOutlierOptions, answers?: number): boolean[] {
  return told(latenciesMs, options, answers).map((forMs) => forMs > 0);
}

function slow(latencyMs: number): Behaviour {
  return () => ({ outcome: 'success', latencyMs });
}

describe('latencyOutlier()', () => {
  it('ejects an endpoint that takes more than three times as long as the others', () => {
    assert.deepEqual(isTold([100, 110, 400]), [false, false, true]);
    assert.deepEqual(isTold([400, 110, 100]), [true, false, false]);
    assert.deepEqual(isTold([100, 110, 290]), [false, false, false]);
    assert.deepEqual(isTold([100, 110, 290], { factor: 2 }), [false, false, true]);
  });

  it('ejects from twenty answers on', () => {
    assert.deepEqual(isTold([100, 110, 400], {}, 19), [false, false, false]);
    assert.deepEqual(isTold([100, 110, 400], {}, 21), [false, false, true]);
  });

  it('needs three endpoints', () => {
    assert.deepEqual(isTold([100, 4_000]), [false, false]);
  });

  it('ejects nobody where half of the endpoints are slow', () => {
    assert.deepEqual(isTold([100, 100, 400, 400]), [false, false, false, false]);
    assert.deepEqual(isTold([100, 400, 400]), [false, false, false]);
    assert.deepEqual(isTold([100, 100, 100, 400, 400]), [false, false, false, true, true]);
  });

  it('ejects nobody when everything becomes slow at once', () => {
    const trackers = trackMany(latencyOutlier(), 5);
    rounds(trackers, () => 50, 60);
    assert.deepEqual(
      rounds(trackers, () => 5_000, 60, 60_000),
      [0, 0, 0, 0, 0],
    );
  });

  it('ejects nobody for one slow answer, or for two of five, however slow', () => {
    const trackers = trackMany(latencyOutlier(), 3);
    assert.deepEqual(
      rounds(trackers, (i, round) => (i === 0 && round === 22 ? 60_000 : 50), 40),
      [0, 0, 0],
    );
    assert.deepEqual(
      rounds(trackers, (i, round) => (i === 0 && round % 5 < 2 ? 60_000 : 50), 40, 40_000),
      [0, 0, 0],
    );
  });

  it('wants three slow answers even for the highest percentile', () => {
    const trackers = trackMany(latencyOutlier({ percentile: 99, windowMs: 1e9 }), 3);
    assert.deepEqual(
      rounds(trackers, (i, round) => (i === 0 && round % 150 < 1 ? 60_000 : 50), 299),
      [0, 0, 0],
    );
    const times = rounds(trackers, (i, round) => (i === 0 && round % 50 < 1 ? 60_000 : 50), 301, 299_000);
    assert.deepEqual(
      times.map((forMs) => forMs > 0),
      [true, false, false],
    );
  });

  it('leaves alone what is quick enough, whatever the others do', () => {
    assert.deepEqual(isTold([1, 1, 19]), [false, false, false]);
    assert.deepEqual(isTold([1, 1, 25]), [false, false, true]);
    assert.deepEqual(isTold([1, 1, 25], { minLatencyMs: 30 }), [false, false, false]);
    const trackers = trackMany(latencyOutlier(), 3);
    const times = rounds(trackers, (i, round) => (i === 2 ? (round % 3 === 0 ? 25 : 15) : 1), 60);
    assert.deepEqual(times, [0, 0, 0], 'a third of its answers is slower, the median is not');
  });

  it('counts a timeout with the time it took, and no other failure', () => {
    const [hanging, failing, ...others] = trackMany(latencyOutlier(), 5);
    const isEjected = [false, false];
    for (let round = 0; round < 25; round++) {
      const now = round * 1_000;
      for (const other of others) tell(other, 'success', now, 50);
      if (tell(hanging!, 'timeout', now, 900) > 0) isEjected[0] = true;
      if (tell(failing!, 'reset', now, 900) + tell(failing!, 'reset', now, -1) > 0) isEjected[1] = true;
    }
    assert.deepEqual(isEjected, [true, false]);
  });

  it('leaves itself out of the comparison, whatever it was like when the others were looked at', () => {
    const [one, other, third] = trackMany(latencyOutlier({ factor: 10 }), 3);
    const many = (tracker: EjectionTracker, times: number, now: number, latencyMs: number): number =>
      Math.max(...Array.from({ length: times }, () => tell(tracker, 'success', now, latencyMs)));
    many(other!, 25, 0, 50);
    many(third!, 25, 0, 400);
    many(one!, 25, 900, 50);
    many(other!, 1, 1_000, 50);
    // Known by now: 50, 50 and 400 ms. The first becomes slow before the others are looked at again.
    assert.equal(many(one!, 60, 1_100, 1_000), 0);
    assert.equal(many(one!, 1, 1_900, 1_000), 0, 'ten times 400 ms would be too slow');
    assert.equal(many(one!, 200, 1_950, 5_000), 0);
    assert.ok(many(one!, 1, 2_950, 5_000) > 0);
  });

  it('compares with nobody who left', () => {
    const [one, other, leaving] = trackMany(latencyOutlier({ windowMs: 1e6 }), 3);
    rounds([one!, other!, leaving!], () => 50, 25);
    leaving!.removed?.();
    leaving!.removed?.();
    assert.deepEqual(
      rounds([one!, other!], (i) => (i === 0 ? 50 : 5_000), 60, 25_000),
      [0, 0],
    );
  });

  it('takes no notice of one that leaves a second time', () => {
    const trackers = trackMany(latencyOutlier(), 4);
    trackers[0]!.removed?.();
    trackers[0]!.removed?.();
    const times = rounds(trackers.slice(1), (i) => (i === 2 ? 400 : 50), 25);
    assert.ok(times[2]! > 0, 'three are left');
  });

  it('compares with nobody who is ejected', () => {
    const trackers = trackMany(latencyOutlier({ windowMs: 1e6 }), 3);
    assert.ok(rounds(trackers, (i) => (i === 2 ? 400 : 50), 25)[2]! > 0);
    assert.deepEqual(
      rounds(trackers.slice(0, 2), (i) => (i === 0 ? 50 : 5_000), 60, 25_000),
      [0, 0],
    );
  });

  it('is rid of an endpoint that became slow, and tries it again ever less often', () => {
    const [record, ...others] = drive(latencyOutlier(), [slow(300), slow(30), slow(40), well], 10, 1_200_000);
    assert.ok(record!.ejections[0]!.sent <= 50);
    assert.ok(record!.ejections.at(-1)!.forMs > 60_000);
    assert.ok(record!.sent < 600, `${record!.sent} of 120,000 requests were slow`);
    assert.ok(others.every(({ ejections }) => ejections.length === 0));
  });

  it('ejects none of twenty equal endpoints whose latencies vary as widely as they do', () => {
    const random = seeded(3);
    const varying: Behaviour = () => ({ outcome: 'success', latencyMs: -100 * Math.log(1 - random.unit()) });
    const records = drive(
      latencyOutlier(),
      Array.from({ length: 20 }, () => varying),
      10,
      600_000,
    );
    assert.ok(records.every(({ ejections }) => ejections.length === 0));
  });

  it('refuses options that it does not know or that make no sense', () => {
    assertRefused(latencyOutlier, [
      [{ times: 3 }, /latencyOutlier: `times` is not a known option/],
      [{ factor: 1 }, /`factor` must be a number from 1.2 to 1000, got 1/],
      [{ percentile: 100 }, /`percentile` must be a number from 1 to 99, got 100/],
      [{ minRequests: 2 }, /`minRequests` must be an integer from 3 to 1000000, got 2/],
      [{ minLatencyMs: -1 }, /`minLatencyMs` must be a number of milliseconds from 0/],
      [{ windowMs: 0 }, /`windowMs` must be a number of milliseconds from 100/],
      [{ maxMs: 1 }, /`maxMs` must be at least `baseMs`/],
    ]);
  });
});
