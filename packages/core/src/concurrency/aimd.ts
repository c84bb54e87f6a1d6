/**
 * Additive increase, multiplicative decrease: the limit grows by one for each `limit` successes, and shrinks to nine tenths when an
 * endpoint shows that it has too much: a drop, or an answer that took longer than `timeoutMs`. The rule that TCP lives by.
 *
 * It grows only while at least half of it is used; a limit that was never tried out means nothing. Attempts that were sent together fail
 * together, so those sent before the last decrease began take the limit to half of what it was then and no further: one stall costs
 * half, and never everything. Nothing is held back in order to measure, and the limit never falls below `minLimit`.
 *
 * Which outcomes are drops is a choice. By default a 429 and a timeout. Not a 5xx, which is more often a fault than a lack of capacity:
 * if one answer in twenty is a drop for reasons that have nothing to do with load, the limit cannot grow beyond about 14 (in general the
 * square root of ten times the ratio of successes to drops). Add `server-error` where 503 is how the endpoint sheds load. What is
 * neither a success nor a drop changes nothing.
 *
 * When: on a client, one of many, since it needs nothing but its own losses. When not: answers are slow by nature, such as long polls.
 * @see Chiu and Jain, "Analysis of the increase and decrease algorithms" (1989); Netflix's concurrency-limits, which advises loss-based
 *   limits on clients
 */
import { durationMs, integerIn, numberIn, v } from '../options.ts';
import type { Outcome } from '../outcome.ts';
import type { ConcurrencyLimit, ConcurrencyLimiter } from './concurrency-limit.ts';
import { resolveLimits } from './limits.ts';

/** How the limit moves. */
export interface AimdOptions {
  /** Where it starts, `minLimit`..`maxLimit`. @default 20 */
  readonly initialLimit?: number;
  /** It never falls below, 1..1_000_000. @default 4 */
  readonly minLimit?: number;
  /** It never grows beyond, `minLimit`..1_000_000. @default 1_024 */
  readonly maxLimit?: number;
  /** What a drop leaves of it, 0.5..0.99. @default 0.9 */
  readonly backoffRatio?: number;
  /** ms to the response head from which on a success is a drop, 1..2^31-1. @default 5_000 */
  readonly timeoutMs?: number;
  /** Outcomes that are drops; not `success` or `cancelled`. @default ['rate-limited', 'timeout'] */
  readonly drops?: readonly Exclude<Outcome, 'success' | 'cancelled'>[];
}

type Drop = Exclude<Outcome, 'success' | 'cancelled'>;

const DROPS: readonly Drop[] = ['server-error', 'rate-limited', 'timeout', 'reset', 'connect-error'];

const entries = {
  initialLimit: v.optional(integerIn(1, 1_000_000), 20),
  minLimit: v.optional(integerIn(1, 1_000_000), 4),
  maxLimit: v.optional(integerIn(1, 1_000_000), 1_024),
  backoffRatio: v.optional(numberIn(0.5, 0.99), 0.9),
  timeoutMs: v.optional(durationMs(1), 5_000),
  drops: v.optional(v.array(v.picklist(DROPS, `one of ${DROPS.join(', ')}`), 'an array of outcomes'), (): Drop[] => [
    'rate-limited',
    'timeout',
  ]),
};

type Resolved = Required<AimdOptions>;

/** A limit that losses drive. O(1) per attempt. @throws INVALID_OPTIONS */
export function aimd(options: AimdOptions = {}): ConcurrencyLimit {
  const resolved = resolveLimits('aimd', entries, options);
  return { name: 'aimd', start: () => new Aimd(resolved) };
}

class Aimd implements ConcurrencyLimiter {
  readonly #options: Resolved;
  // Without a first value of its own V8 allocates a number at each change (measured: 16 bytes).
  #limit = 0;
  /** When the present series of decreases began, and where it ends. */
  #decreasedAt = -Infinity;
  #floor = 0;

  constructor(options: Resolved) {
    this.#options = options;
    this.#limit = options.initialLimit;
    this.#floor = options.minLimit;
  }

  get limit(): number {
    return Math.floor(this.#limit);
  }

  observe(outcome: Outcome, latencyMs: number, inflight: number, now: number): void {
    const { timeoutMs, drops, maxLimit } = this.#options;
    if (outcome === 'success' ? latencyMs > timeoutMs : drops.includes(outcome as Drop)) {
      this.#decrease(now - latencyMs, now);
    } else if (outcome === 'success' && inflight * 2 >= this.#limit) {
      this.#limit = Math.min(maxLimit, this.#limit + 1 / this.#limit);
    }
  }

  #decrease(sentAt: number, now: number): void {
    const { minLimit, backoffRatio } = this.#options;
    if (sentAt >= this.#decreasedAt) {
      this.#decreasedAt = now;
      this.#floor = Math.max(minLimit, this.#limit / 2);
    }
    this.#limit = Math.max(this.#floor, this.#limit * backoffRatio);
  }
}
