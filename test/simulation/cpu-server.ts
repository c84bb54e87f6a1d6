/**
 * Servers whose answers take as long as other work on them allows: cores that all requests share at once, or take in turn.
 */
import { EventQueue } from './event-queue.ts';
import type { Agenda, Job, WorkingServer } from './host.ts';

/** ms over which utilization is averaged. */
const UTILIZATION_WINDOW_MS = 1_000;

/** A level that changes now and then, and its moving average. */
class Average {
  #level = 0;
  #value = 0;
  #since = 0;

  at(now: number): number {
    return this.#level + (this.#value - this.#level) * Math.exp((this.#since - now) / UTILIZATION_WINDOW_MS);
  }

  set(level: number, now: number): void {
    this.#value = this.at(now);
    this.#since = now;
    this.#level = level;
  }
}

/** How fast each of `n` requests goes on, in cores, 0..1. */
export type CoreShare = (n: number) => number;

/** `cores` cores shared among the requests and `rivals` threads that never rest. */
export function timeShared(cores: number, rivals = 0): CoreShare {
  return (n) => Math.min(1, cores / (n + rivals));
}

/** Cores for the requests alone. */
export function upTo(cores: number): CoreShare {
  return (n) => Math.min(1, cores / n);
}

/**
 * Processor sharing. All requests go on equally fast, so one clock of virtual time, which runs as fast as they do, orders them all by
 * when they end.
 */
export class SharingServer implements WorkingServer {
  #share: CoreShare;
  readonly #allocation: number;
  readonly #running = new EventQueue<Job>();
  readonly #used = new Average();
  #agenda!: Agenda;
  #count = 0;
  #virtual = 0;
  #since = 0;
  /** Only the newest of the events on the agenda is meant. */
  #serial = 0;

  /** @param allocation the cores that count as full use */
  constructor(share: CoreShare, allocation: number) {
    this.#share = share;
    this.#allocation = allocation;
  }

  bind(agenda: Agenda): void {
    this.#agenda = agenda;
  }

  utilizationAt(now: number): number {
    return this.#used.at(now) / this.#allocation;
  }

  /** From now on there is more or less of it. */
  change(share: CoreShare, now: number): void {
    this.#advance(now);
    this.#share = share;
    this.#plan(now);
  }

  start(job: Job, now: number): void {
    this.#advance(now);
    this.#count++;
    this.#running.push(this.#virtual + job.work, job);
    this.#plan(now);
  }

  stop(_job: Job, now: number): void {
    this.#advance(now);
    this.#count--;
    this.#plan(now);
  }

  #advance(now: number): void {
    if (this.#count > 0) this.#virtual += (now - this.#since) * this.#share(this.#count);
    this.#since = now;
  }

  #plan(now: number): void {
    const running = this.#running;
    this.#used.set(this.#count === 0 ? 0 : this.#count * this.#share(this.#count), now);
    const serial = ++this.#serial;
    while (running.size > 0 && running.first.isDropped) running.pop();
    if (running.size === 0) return;
    const left = Math.max(0, running.nextAt - this.#virtual);
    this.#agenda.at(now + left / this.#share(this.#count), {
      fire: (then) => serial === this.#serial && this.#next(then),
    });
  }

  #next(now: number): void {
    this.#advance(now);
    const job = this.#running.pop();
    this.#count--;
    this.#plan(now);
    job.finish('success', now);
  }
}

export interface QueueingOptions {
  /** How many requests may wait; one more is refused with a server error. @default any number */
  readonly maxWaiting?: number;
  /** What a request takes here. @default what it says itself */
  readonly workMs?: () => number;
}

/** First in, first out, by a number of workers. */
export class QueueingServer implements WorkingServer {
  readonly #workers: number;
  readonly #maxWaiting: number;
  readonly #workMs: (() => number) | undefined;
  readonly #waiting: Job[] = [];
  #head = 0;
  readonly #running = new Set<Job>();
  readonly #used = new Average();
  #agenda!: Agenda;

  constructor(workers: number, { maxWaiting = Infinity, workMs }: QueueingOptions = {}) {
    this.#workers = workers;
    this.#maxWaiting = maxWaiting;
    this.#workMs = workMs;
  }

  bind(agenda: Agenda): void {
    this.#agenda = agenda;
  }

  utilizationAt(now: number): number {
    return this.#used.at(now) / this.#workers;
  }

  start(job: Job, now: number): void {
    if (this.#running.size < this.#workers) this.#run(job, now);
    else if (this.#waiting.length - this.#head < this.#maxWaiting) this.#waiting.push(job);
    else {
      job.planned = 'server-error';
      this.#agenda.at(now, job);
    }
  }

  stop(job: Job, now: number): void {
    if (this.#running.delete(job)) this.#refill(now);
  }

  #run(job: Job, now: number): void {
    this.#running.add(job);
    this.#used.set(this.#running.size, now);
    this.#agenda.at(now + (this.#workMs?.() ?? job.work), { fire: (then) => this.#end(job, then) });
  }

  #end(job: Job, now: number): void {
    if (!this.#running.delete(job)) return;
    this.#refill(now);
    job.finish('success', now);
  }

  #refill(now: number): void {
    this.#used.set(this.#running.size, now);
    while (this.#head < this.#waiting.length && this.#running.size < this.#workers) {
      const job = this.#waiting[this.#head++]!;
      if (!job.isDropped) this.#run(job, now);
    }
    if (this.#head > 1024 && this.#head * 2 > this.#waiting.length) {
      this.#waiting.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
