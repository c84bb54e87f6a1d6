/**
 * Exchanges over a wire that does what it likes: whatever happens in whatever order, the books balance.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { BalancerError } from '@evenkeel/core';
import { manualClock, seeded } from '@evenkeel/core/testing';
import { ClusterCore } from '../../packages/core/src/cluster/cluster-core.ts';
import { clusterSchema } from '../../packages/core/src/dispatch/cluster-options.ts';
import { ClusterExchange } from '../../packages/core/src/dispatch/cluster-exchange.ts';
import type { ExchangeHost } from '../../packages/core/src/dispatch/exchange-host.ts';
import { inflightLimit, requestPolicies } from '../../packages/core/src/dispatch/request-options.ts';
import { NO_STALLS } from '../../packages/core/src/dispatch/stall-meter.ts';
import { TypicalLatency } from '../../packages/core/src/dispatch/typical-latency.ts';
import { WaitQueue } from '../../packages/core/src/dispatch/wait-queue.ts';
import { resolveOptions } from '../../packages/core/src/options.ts';
import type { TransportController, TransportHandler } from '../../packages/core/src/transport/transport.ts';

const MAX_ATTEMPTS = 4;
const ENDPOINTS = ['a', 'b', 'c'].map((id) => ({ id, url: `http://${id}` }));

/** One attempt as the transport sees it. It keeps to the order of calls that a transport promises. */
class Call {
  isOver = false;
  private isStarted = false;
  private hasHead = false;
  private readonly handler: TransportHandler;
  private readonly controller: TransportController = {
    rawHeaders: [],
    abort: (reason) => this.fail(reason),
    pause: () => undefined,
    resume: () => undefined,
  };

  constructor(handler: TransportHandler) {
    this.handler = handler;
  }

  begin(): void {
    if (this.isStarted || this.isOver) return;
    this.isStarted = true;
    this.handler.onRequestStart(this.controller, {});
  }

  head(status: number): void {
    this.begin();
    if (this.hasHead || this.isOver) return;
    this.hasHead = true;
    this.handler.onResponseStart(this.controller, status, {}, '');
  }

  data(): void {
    if (this.hasHead && !this.isOver) this.handler.onResponseData(this.controller, Buffer.from('x'));
  }

  end(): void {
    if (!this.hasHead || this.isOver) return;
    this.isOver = true;
    this.handler.onResponseEnd(this.controller, {});
  }

  fail(error: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.handler.onResponseError(this.isStarted ? this.controller : null, error);
  }
}

function world(hasFallback: boolean, size: number) {
  const clock = manualClock();
  const calls: Call[] = [];
  const wire = { isRefusing: false };
  const options = resolveOptions('createCluster', clusterSchema, {
    endpoints: ENDPOINTS.slice(0, size),
    clock,
    random: seeded(7),
    maxInflight: 2,
    maxEjectedPercent: 0,
    deadlineMs: 100,
    attemptTimeoutMs: 40,
    hedge: { maxHedges: 2, delayMs: () => 10, observe() {}, deposit() {}, tryWithdraw: () => true },
    ...(hasFallback && { fallback: () => ({ status: 200, body: 'sorry' }) }),
  });
  const silent = () => undefined;
  const core = new ClusterCore(
    { ...options, maxInflight: inflightLimit(options.maxInflight, options) },
    {
      added: silent,
      removed: silent,
      pickable: silent,
      unpickable: silent,
      spared: silent,
      panic: silent,
      quorum: silent,
    },
  );
  core.update(options.endpoints as never, 0);
  const host: ExchangeHost = {
    name: 'fuzz',
    core,
    clock,
    random: seeded(8),
    retry: { ...options.retry, maxAttempts: MAX_ATTEMPTS },
    budget: options.budget,
    policies: requestPolicies(options),
    queue: new WaitQueue(clock, 2, 30),
    typicalLatency: new TypicalLatency(),
    stalls: NO_STALLS,
    isClosed: false,
    refusal: 'OVERLOADED' as const,
    isCut: false,
    transport: {
      send(_endpoint, _request, handler) {
        const call = new Call(handler);
        calls.push(call);
        if (wire.isRefusing) call.fail(new Error('refused'));
      },
      release: () => Promise.resolve(),
    },
  };
  return { clock, calls, wire, core, host };
}

/** A sink that holds an exchange to its promises. */
class Told {
  readonly log: string[] = [];
  exchange: ClusterExchange;
  attempts = 0;

  constructor(host: ExchangeHost, isIdempotent: boolean, priority: 'high' | 'low') {
    this.exchange = new ClusterExchange(
      host,
      { method: 'GET', path: '/', headers: [], body: null, isIdempotent, key: 0, preferred: undefined, priority },
      {
        onHead: () => void this.log.push('head'),
        onData: () => this.log.push('data') > 0,
        onEnd: () => void this.log.push('end'),
        onError: (error: BalancerError) => {
          this.attempts = error.attempts.length;
          this.log.push('error');
        },
      },
    );
    this.exchange.start();
  }
}

const step = fc.record({
  kind: fc.constantFrom('start', 'begin', 'head', 'data', 'end', 'fail', 'advance', 'abort', 'refuse', 'accept'),
  which: fc.nat({ max: 5 }),
  status: fc.constantFrom(200, 404, 429, 500, 503),
  ms: fc.nat({ max: 25 }),
});

describe('an exchange, whatever happens to it', () => {
  it('begins and ends every attempt once, tells its sink one end, and leaves neither a timer nor a waiter behind', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 3 }),
        (steps, hasFallback, size) => {
          const { clock, calls, wire, core, host } = world(hasFallback, size);
          const told: Told[] = [];
          for (const { kind, which, status, ms } of steps) {
            const open = calls.filter((call) => !call.isOver);
            const call = open[which % Math.max(1, open.length)];
            if (kind === 'start') told.push(new Told(host, which > 0, which > 2 ? 'high' : 'low'));
            else if (kind === 'begin') call?.begin();
            else if (kind === 'head') call?.head(status);
            else if (kind === 'data') call?.data();
            else if (kind === 'end') call?.end();
            else if (kind === 'fail') call?.fail(new Error('reset'));
            else if (kind === 'advance') clock.advance(ms);
            else if (kind === 'abort') told[which % Math.max(1, told.length)]?.exchange.abort();
            else wire.isRefusing = kind === 'refuse';
            for (const endpoint of core.endpoints) assert.ok(endpoint.inflight >= 0 && endpoint.inflight <= 2);
          }
          clock.advance(1_000);
          for (const call of calls) call.end();
          for (const { log, attempts } of told) {
            assert.match(log.join(' '), /^(head (data )*)?(end|error)$/);
            assert.ok(attempts <= MAX_ATTEMPTS, `${attempts} attempts`);
          }
          assert.ok(calls.length <= told.length * MAX_ATTEMPTS, `${calls.length} calls for ${told.length} exchanges`);
          for (const endpoint of core.endpoints) {
            assert.equal(endpoint.inflight, 0);
            assert.equal(endpoint.waitingAgeAt(clock.now()), 0);
          }
          assert.equal(host.queue.size, 0);
          assert.equal(clock.holding, 0);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
