import assert from 'node:assert/strict';
import { manualClock } from '@evenkeel/core/testing';
import type { Clock } from '@evenkeel/core';
import { stallMeter } from '../../../packages/core/src/dispatch/stall-meter.ts';
import { systemClock } from '../../../packages/core/src/lib/clock.ts';

/** A clock whose event loop can be blocked: what falls due meanwhile runs afterwards, late. */
function blockableClock(): Clock & { advance(ms: number): void; block(ms: number): void; readonly pending: number } {
  const clock = manualClock();
  let lateMs = 0;
  return {
    now: () => clock.now() + lateMs,
    schedule: (...parameters) => clock.schedule(...parameters),
    advance: (ms) => clock.advance(ms),
    block(ms) {
      // Time goes on at once; the tasks of that time run at its end.
      lateMs = ms;
      clock.advance(0);
    },
    get pending() {
      return clock.pending;
    },
  };
}

describe('stallMeter()', () => {
  it('knows nothing of a loop that keeps up', () => {
    const clock = manualClock();
    const meter = stallMeter(clock);
    meter.begin(0);
    clock.advance(1_000);
    assert.equal(meter.stallBetween(0, 1_000), 0);
    assert.equal(meter.stallBetween(0, 1_004), 0);
  });

  it('counts a stall under way up to the moment of the question', () => {
    const clock = blockableClock();
    const meter = stallMeter(clock);
    meter.begin(0);
    clock.advance(100);
    // The tick is due at 120.
    clock.block(300);
    assert.equal(meter.stallBetween(0, 400), 280);
    assert.equal(meter.stallBetween(150, 400), 250);
    assert.equal(meter.stallBetween(390, 400), 10);
  });

  it('remembers a stall that is over, as far as it lies within the time in question', () => {
    const clock = manualClock();
    let lateMs = 0;
    const meter = stallMeter({
      now: () => clock.now(),
      schedule: (delayMs, task) => clock.schedule(delayMs + lateMs, task),
    });
    meter.begin(0);
    clock.advance(30);
    // The tick that is put down at 40 for 60 runs at 160.
    lateMs = 100;
    clock.advance(10);
    lateMs = 0;
    clock.advance(360);
    assert.equal(clock.now(), 400);
    assert.equal(meter.stallBetween(0, 400), 100);
    assert.equal(meter.stallBetween(0, 110), 50);
    assert.equal(meter.stallBetween(110, 400), 50);
    assert.equal(meter.stallBetween(80, 130), 50);
    assert.equal(meter.stallBetween(160, 400), 0);
    assert.equal(meter.stallBetween(0, 60), 0);
  });

  it('adds stalls up', () => {
    const clock = manualClock();
    const meter = stallMeter({
      now: () => clock.now(),
      schedule: (delayMs, task) => clock.schedule(delayMs + 30, task),
    });
    meter.begin(0);
    clock.advance(1_000);
    assert.equal(meter.stallBetween(0, 1_000), 600);
    assert.equal(meter.stallBetween(500, 1_000), 300);
  });

  it('remembers the last 64 stalls', () => {
    const clock = manualClock();
    const meter = stallMeter({
      now: () => clock.now(),
      schedule: (delayMs, task) => clock.schedule(delayMs + 30, task),
    });
    meter.begin(0);
    clock.advance(50 * 200);
    assert.equal(meter.stallBetween(0, 50 * 200), 64 * 30);
  });

  it('ticks only while somebody uses it, and a little longer', () => {
    const clock = manualClock();
    const meter = stallMeter(clock);
    assert.equal(clock.pending, 0);
    meter.begin(clock.now());
    meter.begin(clock.now());
    clock.advance(5_000);
    meter.end(clock.now());
    clock.advance(5_000);
    assert.equal(clock.pending, 1);
    meter.end(clock.now());
    clock.advance(900);
    assert.equal(clock.pending, 1);
    clock.advance(200);
    assert.equal(clock.pending, 0);
    // Time without a tick is no stall.
    assert.equal(meter.stallBetween(0, clock.now()), 0);
    meter.begin(clock.now());
    assert.equal(clock.pending, 1);
  });

  it('is silent once it is closed', () => {
    const clock = manualClock();
    const meter = stallMeter(clock);
    meter.begin(0);
    meter.close();
    meter.begin(0);
    assert.equal(clock.pending, 0);
    assert.equal(meter.stallBetween(0, 10_000), 0);
  });

  it('sees the stalls of the real event loop, and nearly nothing else', async () => {
    const meter = stallMeter(systemClock);
    const startedAt = performance.now();
    meter.begin(startedAt);
    await turns(() => performance.now() - startedAt > 60);
    const blockedAt = performance.now();
    while (performance.now() - blockedAt < 200);
    const underWay = meter.stallBetween(blockedAt, performance.now()) / (performance.now() - blockedAt);
    await turns(() => performance.now() - blockedAt > 260);
    const over = meter.stallBetween(blockedAt, blockedAt + 200) / 200;
    meter.end(performance.now());
    meter.close();
    for (const ratio of [underWay, over]) assert.ok(ratio > 0.85 && ratio <= 1.001, `${ratio} of the time`);
  });
});

async function turns(isEnough: () => boolean): Promise<void> {
  while (!isEnough()) await new Promise((resolve) => void setImmediate(resolve));
}
