import assert from 'node:assert/strict';
import { isBalancerError, loadMeter, parseLoadReport } from '@evenkeel/core';
import type { LoadMeter } from '@evenkeel/core';
import { manualClock, seeded } from '@evenkeel/core/testing';
import type { ManualClock } from '@evenkeel/core/testing';
import { createLoadMeter } from '../../../packages/core/src/dispatch/load-meter.ts';

describe('loadMeter()', () => {
  let clock: ManualClock;
  /** What the event loop has done. */
  let loop: { idle: number; active: number };
  let meter: LoadMeter;

  beforeEach(() => {
    clock = manualClock(1_000);
    loop = { idle: 0, active: 0 };
    meter = make();
  });

  function make(options: { maxInflight?: number; windowMs?: number } = {}): LoadMeter {
    return createLoadMeter({ maxInflight: 1_000_000, windowMs: 5_000, ...options, clock }, () => ({ ...loop }));
  }

  /** Time in which the loop is busy for a share of it. */
  function pass(ms: number, activeRatio = 0): void {
    for (let left = ms; left > 0; left -= 50) {
      const step = Math.min(50, left);
      loop.active += step * activeRatio;
      loop.idle += step * (1 - activeRatio);
      clock.advance(step);
    }
  }

  function serve(ms: number, isError = false): void {
    const ticket = meter.begin();
    clock.advance(ms);
    meter.headSent(ticket);
    meter.end(ticket, isError);
  }

  it('counts requests in flight until they end, heads and bodies', () => {
    const tickets = Array.from({ length: 200 }, () => meter.begin());
    assert.equal(meter.inflight, 200);
    meter.headSent(tickets[0]!);
    assert.equal(meter.inflight, 200);
    for (const ticket of tickets) meter.end(ticket);
    assert.equal(meter.inflight, 0);
  });

  it('counts right whatever the order in which requests begin and end', () => {
    const random = seeded(5);
    const open: number[] = [];
    for (let i = 0; i < 20_000; i++) {
      if (open.length === 0 || random.below(100) < 52) open.push(meter.begin());
      else {
        const [ticket] = open.splice(random.below(open.length), 1);
        if (random.below(2) === 0) meter.headSent(ticket!);
        meter.end(ticket!);
      }
      assert.equal(meter.inflight, open.length);
      assert.equal(new Set(open).size, open.length);
    }
  });

  it('ends a request once only', () => {
    const ticket = meter.begin();
    meter.end(ticket);
    meter.end(ticket);
    meter.end(12_345);
    assert.equal(meter.inflight, 0);
    assert.notEqual(meter.begin(), meter.begin());
  });

  it('says its requests per second and its errors, of the last window', () => {
    for (let i = 0; i < 100; i++) serve(10, i % 10 === 0);
    assert.deepEqual([meter.figures().requestsPerSecond, meter.figures().errorsPerSecond], [100, 10]);
    pass(3_900);
    const { requestsPerSecond } = meter.figures();
    assert.ok(Math.abs(requestsPerSecond! - 20) < 2, `${requestsPerSecond}: exact to a tenth of the window`);
    pass(5_000);
    assert.deepEqual([meter.figures().requestsPerSecond, meter.figures().errorsPerSecond], [0, 0]);
  });

  it('does not take the first request for a hundred per second', () => {
    serve(10);
    assert.equal(meter.figures().requestsPerSecond, 2);
  });

  it('says the median latency at about as many requests in flight', () => {
    // Alone a request takes 10 ms; among others, 100 ms.
    for (let i = 0; i < 20; i++) serve(10);
    const others = Array.from({ length: 8 }, () => meter.begin());
    for (let i = 0; i < 20; i++) serve(100);
    assert.equal(meter.figures().latencyMs, 100);
    for (const ticket of others) meter.end(ticket);
    assert.equal(meter.figures().latencyMs, 10);
  });

  it('says no latency if the recent ones were at quite another load, or are too old', () => {
    assert.equal(meter.figures().latencyMs, NaN);
    serve(10);
    assert.equal(meter.figures().latencyMs, 10);
    const others = Array.from({ length: 100 }, () => meter.begin());
    assert.equal(meter.figures().latencyMs, NaN);
    for (const ticket of others) meter.end(ticket);
    pass(5_100);
    assert.equal(meter.figures().latencyMs, NaN);
  });

  it('takes no request that was given up before its head for a fast one', () => {
    const ticket = meter.begin();
    clock.advance(1);
    meter.end(ticket);
    assert.equal(meter.figures().latencyMs, NaN);
  });

  it('says the age of the oldest request that waits for its head', () => {
    assert.equal(meter.figures().queueAgeMs, 0);
    const tickets = [0, 1, 2].map(() => {
      const ticket = meter.begin();
      clock.advance(10);
      return ticket;
    });
    assert.equal(meter.figures().queueAgeMs, 30);
    meter.headSent(tickets[1]!);
    assert.equal(meter.figures().queueAgeMs, 30);
    meter.headSent(tickets[0]!);
    assert.equal(meter.figures().queueAgeMs, 10);
    meter.end(tickets[2]!);
    assert.equal(meter.figures().queueAgeMs, 0);
  });

  it('says how busy the event loop is, as an average of about a second', () => {
    serve(1);
    pass(10_000, 0.6);
    const before = meter.figures();
    assert.ok(Math.abs(before.loopUtilization! - 0.6) < 0.01, `${before.loopUtilization}`);
    assert.ok(Math.abs(before.utilization! - 0.6) < 0.01);
    pass(1_000, 0.1);
    const after = meter.figures().loopUtilization!;
    assert.ok(after > 0.1 && after < 0.4, `${after}`);
  });

  it('says how late timers are, and counts a late loop as more than busy', () => {
    serve(1);
    pass(5_000, 1);
    assert.ok(meter.figures().utilization! < 1.01);
    // The tick is due after 100 ms, and nothing of the sort runs before 300 are over.
    const { schedule } = clock;
    clock.schedule = (delayMs, task) => schedule(delayMs + 200, task);
    pass(600, 1);
    clock.schedule = schedule;
    const { loopDelayMs, utilization } = meter.figures();
    assert.ok(loopDelayMs! > 100 && loopDelayMs! <= 200, `${loopDelayMs}`);
    assert.ok(utilization! > 2, `${utilization}`);
  });

  it('says how much of what it is made for is in flight, if it is told', () => {
    meter = make({ maxInflight: 10 });
    for (let i = 0; i < 5; i++) meter.begin();
    assert.equal(meter.figures().utilization, 0.5);
  });

  it('never says that it is not used at all, which would mean "not measured"', () => {
    assert.equal(meter.figures().utilization, 0.001);
  });

  describe('in its header', () => {
    it('says all that is worth saying, in about 100 bytes', () => {
      meter.begin();
      for (let i = 0; i < 5; i++) serve(7);
      pass(3_000, 0.25);
      serve(7);
      const report = parseLoadReport(meter.header(), 0)!;
      assert.equal(report.inflight, 1);
      assert.equal(report.latencyMs, 7);
      assert.ok(report.utilization > 0.2 && report.utilization < 0.3, `${report.utilization}`);
      assert.equal(report.queueAgeMs, meter.figures().queueAgeMs);
      assert.ok(meter.header().length < 150, meter.header());
    });

    it('is short while there is little to say', () => {
      serve(7);
      assert.ok(meter.header().length <= 110, meter.header());
    });

    it('counts requests in flight as of now, and works the rest out every 5 ms at most', () => {
      const at = (): { inflight: number; latencyMs: number } => parseLoadReport(meter.header(), 0)!;
      assert.deepEqual([at().inflight, at().latencyMs], [0, NaN]);
      const ticket = meter.begin();
      clock.advance(3);
      meter.headSent(ticket);
      assert.deepEqual([at().inflight, at().latencyMs], [1, NaN]);
      clock.advance(2);
      assert.deepEqual([at().inflight, at().latencyMs], [1, 3]);
    });

    it('says at once that the server is about to stop', () => {
      assert.equal(parseLoadReport(meter.header(), 0)!.isDraining, false);
      meter.drain();
      assert.equal(parseLoadReport(meter.header(), 0)!.isDraining, true);
    });
  });

  it('lets its tick run out while nobody uses it, and takes it up again', () => {
    assert.equal(clock.pending, 0);
    serve(1);
    assert.equal(clock.pending, 1);
    pass(61_000);
    assert.equal(clock.pending, 0);
    pass(5_000, 1);
    serve(1);
    assert.equal(clock.pending, 1);
    assert.ok(meter.figures().loopUtilization! > 0.05, 'the time in between counts');
    meter.close();
    assert.equal(clock.pending, 0);
    serve(1);
    meter.header();
    assert.equal(clock.pending, 0, 'nor do the requests after that start it again');
  });

  it('measures the process that it runs in', () => {
    const real = loadMeter();
    const ticket = real.begin();
    real.headSent(ticket);
    const { inflight, utilization, latencyMs } = parseLoadReport(real.header(), 0)!;
    real.end(ticket);
    real.close();
    assert.equal(inflight, 1);
    assert.ok(utilization > 0 && latencyMs >= 0);
  });

  it('refuses options that it does not know or that make no sense', () => {
    for (const [options, message] of [
      [{ window: 1 }, /loadMeter: `window` is not a known option/],
      [{ windowMs: 99 }, /`windowMs` must be a number of milliseconds from 100/],
      [{ maxInflight: 0 }, /`maxInflight` must be an integer from 1/],
      [{ clock: {} }, /`clock` must be a clock/],
    ] as const) {
      assert.throws(
        () => loadMeter(options as object),
        (error) => isBalancerError(error) && message.test(error.message),
      );
    }
  });
});
