/**
 * Runs a probe against every endpoint of a cluster: random first offset, a faster rhythm while the state is in doubt, never two
 * probes of one endpoint at a time.
 */
import type { ClusterCore } from '../cluster/cluster-core.ts';
import type { EndpointState } from '../cluster/endpoint-state.ts';
import type { Probe, ProbeIo } from '../health/probe.ts';
import { ProbeState } from '../health/probe-state.ts';
import type { Cancel, Clock } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';

export class Prober {
  private readonly core: ClusterCore;
  private readonly probe: Probe;
  private readonly io: ProbeIo;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly scheduled = new Map<EndpointState, Cancel>();

  constructor(core: ClusterCore, probe: Probe, io: ProbeIo, clock: Clock, random: Random) {
    this.core = core;
    this.probe = probe;
    this.io = io;
    this.clock = clock;
    this.random = random;
  }

  add(endpoint: EndpointState): void {
    const state = new ProbeState(this.probe.rise, this.probe.fall);
    this.schedule(endpoint, state, this.random.unit() * this.probe.intervalMs);
  }

  remove(endpoint: EndpointState): void {
    this.scheduled.get(endpoint)?.();
    this.scheduled.delete(endpoint);
  }

  close(): void {
    for (const endpoint of [...this.scheduled.keys()]) this.remove(endpoint);
  }

  private schedule(endpoint: EndpointState, state: ProbeState, delayMs: number): void {
    const cancel = this.clock.schedule(delayMs, () => void this.run(endpoint, state), true);
    this.scheduled.set(endpoint, cancel);
  }

  private async run(endpoint: EndpointState, state: ProbeState): Promise<void> {
    const { probe, clock, core } = this;
    const startedAt = clock.now();
    const isWell = await isPassed(probe, endpoint, this.io);
    // Removed, or closed, while the probe was under way.
    if (!this.scheduled.has(endpoint)) return;
    state.observe(isWell);
    core.setReason(endpoint, 'probe-failed', !state.isWell, clock.now());
    const intervalMs = state.isInDoubt ? probe.fastIntervalMs : probe.intervalMs;
    this.schedule(endpoint, state, Math.max(0, startedAt + intervalMs - clock.now()));
  }
}

/** A probe of the user's own may throw as well as reject. */
async function isPassed(probe: Probe, endpoint: EndpointState, io: ProbeIo): Promise<boolean> {
  try {
    await probe.check(endpoint, io);
    return true;
  } catch {
    return false;
  }
}
