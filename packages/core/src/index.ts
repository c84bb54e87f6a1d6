export { BalancerError, isBalancerError } from './errors.ts';
export type { BalancerErrorOptions, ErrorCode, FailedAttempt } from './errors.ts';
export type { Endpoint, EndpointOptions, PickContext } from './endpoint.ts';
export type { Outcome } from './outcome.ts';
export type { Cancel, Clock } from './lib/clock.ts';
export type { Random } from './lib/random.ts';
