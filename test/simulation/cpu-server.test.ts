import assert from 'node:assert/strict';
import type { Outcome } from '@evenkeel/core';
import { QueueingServer, SharingServer, timeShared, upTo } from './cpu-server.ts';
import { EventQueue } from './event-queue.ts';
import type { Event, Job, WorkingServer } from './host.ts';

/** A server, and jobs that write down when they end. */
class Rig {
  readonly #queue = new EventQueue<Event>();
  readonly #server: WorkingServer;
  readonly ended: [name: string, at: number, outcome: Outcome][] = [];

  constructor(server: WorkingServer) {
    this.#server = server;
    server.bind({ at: (time, event) => this.#queue.push(time, event) });
  }

  start(name: string, at: number, work: number): Job {
    const job: Job = {
      work,
      isDropped: false,
      planned: 'success',
      fire: (now) => job.isDropped || job.finish(job.planned, now),
      finish: (outcome, now) => void this.ended.push([name, Math.round(now * 1e6) / 1e6, outcome]),
    };
    this.do(at, () => this.#server.start(job, at));
    return job;
  }

  drop(job: Job, at: number): void {
    this.do(at, () => {
      job.isDropped = true;
      this.#server.stop(job, at);
    });
  }

  do(at: number, task: () => void): void {
    this.#queue.push(at, { fire: task });
  }

  run(): void {
    while (this.#queue.size > 0) {
      const at = this.#queue.nextAt;
      this.#queue.pop().fire(at);
    }
  }
}

describe('SharingServer', () => {
  it('gives each request a core as long as there are enough, and an equal part of them after that', () => {
    const rig = new Rig(new SharingServer(upTo(2), 2));
    for (const name of ['a', 'b']) rig.start(name, 0, 10);
    rig.start('c', 5, 10);
    rig.run();
    // Until 5 a and b are half done; then three share two cores: 5 ms of work take 7.5. What is left of c has a core alone.
    assert.deepEqual(rig.ended, [
      ['a', 12.5, 'success'],
      ['b', 12.5, 'success'],
      ['c', 17.5, 'success'],
    ]);
  });

  it('shares with threads that never rest', () => {
    const rig = new Rig(new SharingServer(timeShared(2, 3), 2));
    rig.start('a', 0, 10);
    rig.run();
    assert.deepEqual(rig.ended, [['a', 20, 'success']]);
  });

  it('takes a change of capacity for what is under way', () => {
    const server = new SharingServer(upTo(1), 1);
    const rig = new Rig(server);
    rig.start('a', 0, 10);
    rig.do(4, () => server.change((n) => 0.25 * upTo(1)(n), 4));
    rig.run();
    assert.deepEqual(rig.ended, [['a', 28, 'success']]);
  });

  it('has the cores of a request that was dropped for the others', () => {
    const rig = new Rig(new SharingServer(upTo(1), 1));
    const dropped = rig.start('a', 0, 10);
    rig.start('b', 0, 20);
    rig.drop(dropped, 10);
    rig.run();
    assert.deepEqual(rig.ended, [['b', 25, 'success']]);
  });

  it('says how busy it was of late', () => {
    const server = new SharingServer(upTo(4), 2);
    const rig = new Rig(server);
    for (let i = 0; i < 4; i++) rig.start(`${i}`, 0, 20_000);
    const seen: number[] = [];
    rig.do(10_000, () => void seen.push(server.utilizationAt(10_000)));
    rig.do(31_000, () => void seen.push(server.utilizationAt(31_000)));
    rig.run();
    assert.ok(Math.abs(seen[0]! - 2) < 1e-3 && seen[1]! < 1e-3, `${seen}`);
  });
});

describe('QueueingServer', () => {
  it('works on as many as it has workers, first come first served', () => {
    const rig = new Rig(new QueueingServer(2));
    for (const [name, work] of [
      ['a', 10],
      ['b', 4],
      ['c', 5],
      ['d', 1],
    ] as const) {
      rig.start(name, 0, work);
    }
    rig.run();
    assert.deepEqual(
      rig.ended.map(([name, at]) => [name, at]),
      [
        ['b', 4],
        ['c', 9],
        ['a', 10],
        ['d', 10],
      ],
    );
  });

  it('passes over what was dropped, whether it waits or is under way', () => {
    const rig = new Rig(new QueueingServer(1));
    const first = rig.start('a', 0, 10);
    const second = rig.start('b', 0, 10);
    rig.start('c', 0, 10);
    rig.drop(second, 1);
    rig.drop(first, 5);
    rig.run();
    assert.deepEqual(rig.ended, [['c', 15, 'success']]);
  });

  it('refuses what finds no room to wait', () => {
    const rig = new Rig(new QueueingServer(1, { maxWaiting: 1 }));
    for (const name of ['a', 'b', 'c']) rig.start(name, 0, 10);
    rig.run();
    assert.deepEqual(rig.ended, [
      ['c', 0, 'server-error'],
      ['a', 10, 'success'],
      ['b', 20, 'success'],
    ]);
  });
});
