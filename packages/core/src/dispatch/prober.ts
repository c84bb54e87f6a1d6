/**
 * Runs the probes of a cluster against each of its endpoints: random first offsets and intervals, a faster rhythm while a state
 * is in doubt, never the same probe twice at a time for an endpoint, and a bound on how many are under way at once.
 */
import { probeEnd } from '../channels.ts';
import type { ProbeEndMessage } from '../channels.ts';
import type { ClusterCore } from '../cluster/cluster-core.ts';
import type { EndpointState } from '../cluster/endpoint-state.ts';
import type { Probe, ProbeIo, ProbeVerdict } from '../health/probe.ts';
import { ProbeState, weightRatioOf } from '../health/probe-state.ts';
import type { Cancel, Clock } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';
import type { ProbeIoFor } from '../transport/probe-io.ts';

/**
 * Probes under way at once in a cluster; the others wait their turn, first come, first served. 256 sockets or processes are
 * what any system bears. 5,000 endpoints that answer within 50 ms are asked every 2 s with 125; of those that do not answer at
 * all within 2 s, 128 are asked a second.
 */
export const MAX_CONCURRENT_PROBES = 256;

/** Node's timers take no more; with more they fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** What a prober is made of. */
export interface ProberOptions {
  readonly cluster: string;
  readonly probes: readonly Probe[];
  readonly io: ProbeIoFor;
  readonly clock: Clock;
  readonly random: Random;
}

/** One probe of one endpoint. */
interface Watch {
  readonly endpoint: EndpointState;
  readonly probe: Probe;
  readonly state: ProbeState;
  /** Ends what it is about: the wait for the next turn, the place in the queue, or the probe under way. */
  stop: Cancel;
}

type Result = ProbeVerdict | undefined | Error;

export class Prober {
  private readonly core: ClusterCore;
  private readonly options: ProberOptions;
  private readonly watches = new Map<EndpointState, readonly Watch[]>();
  /** Those whose turn it is, oldest first. */
  private readonly queue = new Set<Watch>();
  private underWay = 0;

  constructor(core: ClusterCore, options: ProberOptions) {
    this.core = core;
    this.options = options;
  }

  add(endpoint: EndpointState): void {
    const watches = this.options.probes.map((probe): Watch => {
      return { endpoint, probe, state: new ProbeState(probe.rise, probe.fall), stop: () => undefined };
    });
    this.watches.set(endpoint, watches);
    for (const watch of watches) this.wait(watch, this.options.random.unit() * watch.probe.intervalMs);
  }

  remove(endpoint: EndpointState): void {
    const watches = this.watches.get(endpoint) ?? [];
    this.watches.delete(endpoint);
    for (const watch of watches) watch.stop();
    this.startNext();
  }

  close(): void {
    const all = [...this.watches.values()].flat();
    this.watches.clear();
    this.queue.clear();
    for (const watch of all) watch.stop();
  }

  private wait(watch: Watch, delayMs: number): void {
    watch.stop = this.options.clock.schedule(Math.min(MAX_DELAY_MS, delayMs), () => this.enqueue(watch), true);
  }

  private enqueue(watch: Watch): void {
    this.queue.add(watch);
    watch.stop = () => void this.queue.delete(watch);
    this.startNext();
  }

  private startNext(): void {
    for (const watch of this.queue) {
      if (this.underWay >= MAX_CONCURRENT_PROBES) return;
      this.queue.delete(watch);
      this.start(watch);
    }
  }

  private start(watch: Watch): void {
    const { endpoint, probe } = watch;
    const { clock, io } = this.options;
    const startedAt = clock.now();
    if (!isDue(watch, startedAt)) return this.wait(watch, this.spread(probe.intervalMs, probe));
    const cut = new AbortController();
    let isOver = false;
    const end = (): boolean => {
      if (isOver) return false;
      isOver = true;
      this.underWay--;
      cancelLimit();
      // Whatever a probe has left open, such as the slower of two requests of its own.
      cut.abort();
      return true;
    };
    const settle = (result: Result): void => {
      if (!end()) return;
      this.judge(watch, result, startedAt);
      this.startNext();
    };
    this.underWay++;
    watch.stop = end;
    // The calls of `io` end in time by themselves. A probe of the user's own may do something else, and wait for it for ever.
    const limitMs = Math.min(MAX_DELAY_MS, 2 * probe.timeoutMs);
    const cancelLimit = clock.schedule(limitMs, () => settle(new Error(`not over within ${limitMs} ms`)), true);
    void ask(probe, endpoint, io(cut.signal)).then(settle);
  }

  private judge(watch: Watch, result: Result, startedAt: number): void {
    const { endpoint, probe, state } = watch;
    const { clock, cluster } = this.options;
    const now = clock.now();
    const error = result instanceof Error ? result : undefined;
    if (result instanceof Error) state.observe(false);
    else state.take(result ?? {});
    const intervalMs = state.isInDoubt ? probe.fastIntervalMs : state.isWell ? probe.intervalMs : probe.downIntervalMs;
    this.wait(watch, Math.max(0, startedAt + this.spread(intervalMs, probe) - now));
    if (!(result instanceof Error) && typeof result?.loadReport === 'string') {
      this.core.reportLoad(endpoint, result.loadReport, now);
    }
    this.apply(endpoint, now);
    if (probeEnd.hasSubscribers) {
      const { isWell } = state;
      const who = { cluster, endpoint: endpoint.id, probe: probe.name };
      const message: ProbeEndMessage = {
        ...who,
        isPassed: error === undefined,
        error,
        isWell,
        durationMs: now - startedAt,
      };
      probeEnd.publish(message);
    }
  }

  /** Tells the cluster what the endpoint's probes say together. */
  private apply(endpoint: EndpointState, now: number): void {
    const { core } = this;
    const watches = this.watches.get(endpoint) ?? [];
    const isDown = (onFail: Probe['onFail']): boolean =>
      watches.some(({ probe, state }) => probe.onFail === onFail && !state.isWell);
    core.setReason(endpoint, 'probe-failed', isDown('remove'), now);
    core.setReason(endpoint, 'inhibited', isDown('inhibit'), now);
    const states = watches.map(({ state }) => state);
    core.setLeaving(
      endpoint,
      'agent',
      states.some((state) => state.isDraining),
      now,
    );
    const weightRatio = weightRatioOf(states);
    if (weightRatio !== undefined) core.setWeightRatio(endpoint, weightRatio, now);
  }

  private spread(intervalMs: number, { spreadPercent }: Probe): number {
    return intervalMs * (1 + (spreadPercent / 100) * (2 * this.options.random.unit() - 1));
  }
}

function isDue({ endpoint, probe }: Watch, now: number): boolean {
  try {
    return probe.isDue?.(endpoint, now) ?? true;
  } catch {
    // It cannot tell, so the question is asked.
    return true;
  }
}

/** A probe of the user's own may throw as well as reject, and anything at all. */
async function ask(probe: Probe, endpoint: EndpointState, io: ProbeIo): Promise<Result> {
  try {
    return (await probe.check(endpoint, io)) ?? undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
