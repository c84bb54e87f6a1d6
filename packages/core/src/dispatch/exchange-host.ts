/**
 * What the exchanges of a cluster see of it.
 */
import type { ClusterCore } from '../cluster/cluster-core.ts';
import type { ErrorCode } from '../errors.ts';
import type { Clock } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';
import type { RetryBudget } from '../retry/retry-budget.ts';
import type { RetryPolicy } from '../retry/retry-policy.ts';
import type { Transport } from '../transport/transport.ts';
import type { RequestPolicies } from './request-options.ts';
import type { StallMeter } from './stall-meter.ts';
import type { TypicalLatency } from './typical-latency.ts';
import type { WaitQueue } from './wait-queue.ts';

/** What all exchanges of a cluster share. */
export interface ExchangeHost {
  readonly name: string;
  readonly core: ClusterCore;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly retry: RetryPolicy;
  readonly budget: RetryBudget;
  readonly policies: RequestPolicies;
  readonly queue: WaitQueue;
  readonly typicalLatency: TypicalLatency;
  readonly stalls: StallMeter;
  readonly isClosed: boolean;
  /** What a wait that was too long comes to. */
  readonly refusal: ErrorCode;
  /** The deadline of closing has passed: what fails now is not tried again. */
  readonly isCut: boolean;
}
