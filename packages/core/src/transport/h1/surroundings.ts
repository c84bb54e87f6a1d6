import type { TransportOptions } from '../transport-options.ts';
import { Cooler } from './cooler.ts';
import { HeadParser } from './head-parser.ts';
import { Memory } from './memory.ts';
import { Sweeper, ticksOf } from './sweeper.ts';
import type { Trip } from './trip.ts';

/** What all connections of a transport share. */
export class Surroundings {
  readonly options: TransportOptions;
  readonly parser: HeadParser = new HeadParser();
  readonly cooler: Cooler;
  readonly sweeper: Sweeper;
  readonly memory: Memory = new Memory();
  private readonly headTicks: number;
  private readonly bodyTicks: number;

  constructor(options: TransportOptions) {
    this.options = options;
    this.cooler = new Cooler(options.clock);
    this.sweeper = new Sweeper(options.clock);
    this.headTicks = ticksOf(options.headTimeoutMs);
    this.bodyTicks = ticksOf(options.bodyTimeoutMs);
  }

  /** The tick at which so many ms are over. */
  dueIn(ms: number): number {
    return this.sweeper.tick + ticksOf(ms);
  }

  /** The tick at which the time for the response head is up. */
  headDue({ isPaused, request }: Trip): number {
    if (isPaused) return Infinity;
    const ms = request.headTimeoutMs;
    return this.sweeper.tick + (ms === undefined ? this.headTicks : ticksOf(ms));
  }

  /** The tick at which the time for the next piece of the body is up. */
  bodyDue({ isPaused, request }: Trip): number {
    if (isPaused) return Infinity;
    const ms = request.bodyTimeoutMs;
    return this.sweeper.tick + (ms === undefined ? this.bodyTicks : ticksOf(ms));
  }
}
