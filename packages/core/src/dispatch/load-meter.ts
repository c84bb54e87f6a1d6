/**
 * What a server measures about itself, for the balancers in front of it: requests in flight, their latency at about as many in flight,
 * how busy and how late its event loop is, how long its oldest request has waited. A request costs a few array writes; the rest
 * is worked out when a report is asked for, at most every few milliseconds.
 *
 * When: in every server behind `prequal()` or a balancer that weighs endpoints by ORCA reports. When not: several processes that share
 * one address (`node:cluster`); a report is about the process that answered, and the next request may meet another.
 * @see Prequal (Wydrowski and others, NSDI 2024), for the pair of requests in flight and latency
 */
import { systemClock } from '../lib/clock.ts';
import type { Clock } from '../lib/clock.ts';
import { EventRate } from '../lib/event-rate.ts';
import { LatencyByLoad } from '../lib/latency-by-load.ts';
import { formatLoadReport } from '../load-report.ts';
import type { LoadFigures } from '../load-report.ts';
import { durationMs, integerIn, objectWith, resolveOptions, v } from '../options.ts';
import { LoopMeter } from './loop-meter.ts';
import type { LoopTimes } from './loop-meter.ts';

/** How a server measures itself. */
export interface LoadMeterOptions {
  /**
   * Requests in flight that this server is made for, 1..1_000_000. For servers that wait more than they work, whose event loop says little
   * about how much more they can take. @default only the event loop counts
   */
  readonly maxInflight?: number;
  /** ms over which rates are counted and latencies kept, 100..600_000. @default 5_000 */
  readonly windowMs?: number;
  /** @default the machine's */
  readonly clock?: Clock;
}

/** Counts a server's requests and says how it is. */
export interface LoadMeter {
  /** Requests begun and not ended. */
  readonly inflight: number;
  /** A request arrives. Returns its ticket for the calls below; it is worth nothing after `end`. O(1). */
  begin(): number;
  /** Its response head leaves, so it waits no longer: what came before is its latency. Calls after the first do nothing. O(1). */
  headSent(ticket: number): void;
  /** It is over, body included. @param isError the server failed to serve it. @default false */
  end(ticket: number, isError?: boolean): void;
  /** A value of `endpoint-load-metrics`, about 100 bytes. The requests in flight are as of now, the rest is up to 5 ms old. */
  header(): string;
  /** The same as numbers, all as of now. */
  figures(): LoadFigures;
  /** From now on every report says that this server is about to stop. */
  drain(): void;
  /** Ends the background tick; reports then tell nothing new of the event loop. */
  close(): void;
}

const schema = v.strictObject({
  maxInflight: v.optional(integerIn(1, 1_000_000), 1_000_000),
  windowMs: v.optional(durationMs(100, 600_000), 5_000),
  clock: v.optional(objectWith<Clock>('a clock', 'now', 'schedule'), systemClock),
});

type Resolved = Required<LoadMeterOptions>;

/** Starts to measure this process. @throws INVALID_OPTIONS */
export function loadMeter(options: LoadMeterOptions = {}): LoadMeter {
  return createLoadMeter(resolveOptions('loadMeter', schema, options));
}

/** The same over event loop times of one's own. */
export function createLoadMeter(options: Resolved, times?: () => LoopTimes): LoadMeter {
  return new ProcessMeter(options, times);
}

/** How long the slow part of a header is used again. */
const REUSE_MS = 5;
/** Delay at which a saturated event loop counts as having twice the work that it can do. */
const DELAY_OF_TWICE_MS = 100;
/** Below, a delay or a wait is the grain of timers and not worth its bytes. */
const NOTEWORTHY_MS = 2;
/** A utilization of 0 means "not measured" to those who read ORCA. */
const LEAST_UTILIZATION = 0.001;

const NONE = -1;
const [FREE, WAITING, ANSWERED] = [0, 1, 2] as const;

class ProcessMeter implements LoadMeter {
  inflight = 0;
  readonly #clock: Clock;
  readonly #maxInflight: number;
  readonly #loop: LoopMeter;
  readonly #requests: EventRate;
  readonly #errors: EventRate;
  readonly #latency: LatencyByLoad;
  #isDraining = false;
  #reused = '';
  #reusedUntil = -Infinity;
  // One place per request in flight, reused; those that wait are a list in order of arrival.
  #state = new Uint8Array(64);
  #startedAt = new Float64Array(64);
  #inflightBefore = new Int32Array(64);
  #previous = new Int32Array(64);
  #next = new Int32Array(64);
  #used = 0;
  /** The first free place of those used before; a chain through `#next`. */
  #free = NONE;
  #oldest = NONE;
  #newest = NONE;

  constructor({ clock, windowMs, maxInflight }: Resolved, times: (() => LoopTimes) | undefined) {
    const now = clock.now();
    this.#clock = clock;
    this.#maxInflight = maxInflight;
    this.#loop = new LoopMeter(clock, times);
    this.#requests = new EventRate(windowMs, now);
    this.#errors = new EventRate(windowMs, now);
    this.#latency = new LatencyByLoad(windowMs);
  }

  begin(): number {
    const now = this.#clock.now();
    this.#loop.use(now);
    const ticket = this.#take();
    this.#state[ticket] = WAITING;
    this.#startedAt[ticket] = now;
    this.#inflightBefore[ticket] = this.inflight++;
    this.#previous[ticket] = this.#newest;
    this.#next[ticket] = NONE;
    if (this.#newest === NONE) this.#oldest = ticket;
    else this.#next[this.#newest] = ticket;
    this.#newest = ticket;
    return ticket;
  }

  headSent(ticket: number): void {
    if (this.#state[ticket] !== WAITING) return;
    const now = this.#clock.now();
    this.#answer(ticket);
    this.#latency.observe(now - this.#startedAt[ticket]!, this.#inflightBefore[ticket]!, now);
  }

  end(ticket: number, isError: boolean = false): void {
    const state = this.#state[ticket];
    if (state === undefined || state === FREE) return;
    // Without a head nobody was answered: how long that took is no latency.
    if (state === WAITING) this.#answer(ticket);
    this.#state[ticket] = FREE;
    this.#next[ticket] = this.#free;
    this.#free = ticket;
    this.inflight--;
    const now = this.#clock.now();
    this.#requests.count(now);
    if (isError) this.#errors.count(now);
  }

  header(): string {
    const now = this.#clock.now();
    if (now >= this.#reusedUntil) {
      this.#reusedUntil = now + REUSE_MS;
      this.#reused = formatLoadReport(this.#figuresAt(now, false));
    }
    return `${this.#reused},named_metrics.rif=${this.inflight}`;
  }

  figures(): LoadFigures {
    return this.#figuresAt(this.#clock.now(), true);
  }

  drain(): void {
    this.#isDraining = true;
    this.#reusedUntil = -Infinity;
  }

  close(): void {
    this.#loop.close();
  }

  /** @param isWhole false leaves out what says nothing, and the requests in flight */
  #figuresAt(now: number, isWhole: boolean): LoadFigures {
    this.#loop.use(now);
    const loopUtilization = this.#loop.utilization;
    const loopDelayMs = this.#loop.delayAt(now);
    const errorsPerSecond = this.#errors.at(now);
    const queueAgeMs = this.#oldest === NONE ? 0 : now - this.#startedAt[this.#oldest]!;
    return {
      // Of two loops that are busy all the time, the one that is later has more to do.
      utilization: Math.max(
        LEAST_UTILIZATION,
        loopUtilization * (1 + loopDelayMs / DELAY_OF_TWICE_MS),
        this.inflight / this.#maxInflight,
      ),
      requestsPerSecond: this.#requests.at(now),
      latencyMs: this.#latency.medianAt(this.inflight, now),
      isDraining: this.#isDraining,
      ...((isWhole || errorsPerSecond > 0) && { errorsPerSecond }),
      ...((isWhole || loopDelayMs >= NOTEWORTHY_MS) && { loopUtilization, loopDelayMs }),
      ...((isWhole || queueAgeMs >= NOTEWORTHY_MS) && { queueAgeMs }),
      ...(isWhole && { inflight: this.inflight }),
    };
  }

  #take(): number {
    if (this.#free !== NONE) {
      const ticket = this.#free;
      this.#free = this.#next[ticket]!;
      return ticket;
    }
    if (this.#used === this.#state.length) this.#grow();
    return this.#used++;
  }

  /** Takes the request out of the list of those that wait. */
  #answer(ticket: number): void {
    const previous = this.#previous[ticket]!;
    const next = this.#next[ticket]!;
    if (previous === NONE) this.#oldest = next;
    else this.#next[previous] = next;
    if (next === NONE) this.#newest = previous;
    else this.#previous[next] = previous;
    this.#state[ticket] = ANSWERED;
  }

  #grow(): void {
    this.#state = grown(this.#state, new Uint8Array(2 * this.#used));
    this.#startedAt = grown(this.#startedAt, new Float64Array(2 * this.#used));
    this.#inflightBefore = grown(this.#inflightBefore, new Int32Array(2 * this.#used));
    this.#previous = grown(this.#previous, new Int32Array(2 * this.#used));
    this.#next = grown(this.#next, new Int32Array(2 * this.#used));
  }
}

function grown<T extends Uint8Array | Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
