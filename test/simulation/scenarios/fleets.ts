/**
 * Fleets that more than one scenario uses.
 */
import type { Random } from '@evenkeel/core';
import { SharingServer, upTo } from '../cpu-server.ts';
import { exponential } from '../draws.ts';
import type { Server } from '../profiles.ts';
import { many } from '../scenario.ts';
import type { World } from '../simulator.ts';

/** Waits, as a server does that asks another one: a fixed time, and a few ms around it that nobody chose. */
export function waitingServer(ms: number, random: Random): Server {
  return { finishAt: (now) => now + ms + exponential(5, random), outcomeAt: () => 'success' };
}

/** 14 servers that wait for 50 ms and two that wait 16 times as long. */
export function fourteenFastTwoSlow(random: Random): Record<string, Server> {
  return many(16, (index) => waitingServer(index < 14 ? 50 : 800, random));
}

/** Cores of a replica that others may use when it does not. */
const SLACK = { least: 2, most: 4 };
const CONTENDED_MS = 30_000;
const CALM_MS = 60_000;

/** Replicas with a core each that is theirs, on machines whose other tenants leave them more of it for two thirds of the time. */
export class ContendedFleet {
  readonly servers: Readonly<Record<string, SharingServer>>;
  readonly #random: Random;

  constructor(n: number, random: Random) {
    this.#random = random;
    this.servers = Object.fromEntries(Array.from({ length: n }, (_, i) => [`s${i}`, new SharingServer(upTo(1), 1)]));
  }

  /** Lets the other tenants come and go. */
  start(world: World): void {
    for (const server of Object.values(this.servers)) {
      this.#change(world, server, this.#random.unit() < CONTENDED_MS / (CONTENDED_MS + CALM_MS));
    }
  }

  #change(world: World, server: SharingServer, isContended: boolean): void {
    const cores = isContended ? 1 : SLACK.least + (SLACK.most - SLACK.least) * this.#random.unit();
    server.change(upTo(cores), world.clock.now());
    const stayMs = exponential(isContended ? CONTENDED_MS : CALM_MS, this.#random);
    world.clock.schedule(stayMs, () => {
      if (world.isRunning) this.#change(world, server, !isContended);
    });
  }
}
