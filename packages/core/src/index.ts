export { createCluster } from './dispatch/create-cluster.ts';
export type { ClusterOptions } from './dispatch/cluster-options.ts';
export type { CloseOptions, Cluster, ClusterEvents, DrainOptions } from './dispatch/cluster.ts';
export type { ClusterResponse, ExecuteOptions, HeaderFields, RequestOptions } from './dispatch/call.ts';
export { isIdempotentMethod } from './dispatch/exchange-request.ts';
export type { Exchange, ExchangeRequest, ResponseSink } from './dispatch/sink.ts';
export type { RawHeaders, UpstreamRequest } from './transport/transport.ts';
export type { TlsOptions } from './transport/tls.ts';

export { leastRequest } from './strategies/least-request.ts';
export { peakEwma } from './strategies/peak-ewma.ts';
export { roundRobin } from './strategies/round-robin.ts';
export type { ChoiceOptions } from './strategies/choices.ts';
export type { Picker, Strategy } from './strategies/strategy.ts';

export { consecutiveFailures } from './health/consecutive-failures.ts';
export type { ConsecutiveFailuresOptions } from './health/consecutive-failures.ts';
export { httpProbe } from './health/http-probe.ts';
export type { HttpProbeOptions, StatusRange } from './health/http-probe.ts';
export { tcpProbe } from './health/tcp-probe.ts';
export type { TcpProbeOptions } from './health/tcp-probe.ts';
export type { EjectionPolicy, EjectionTracker } from './health/ejection.ts';
export type { HealthReason } from './health/reasons.ts';
export type { Probe, ProbeIo, ProbeRequest, ProbeResponse, ProbeTiming } from './health/probe.ts';

export { retryBudget } from './retry/retry-budget.ts';
export { retryPolicy } from './retry/retry-policy.ts';
export type { RetryBudget, RetryBudgetOptions } from './retry/retry-budget.ts';
export type { FailedTry, RetryPolicy, RetryPolicyOptions } from './retry/retry-policy.ts';

export { BalancerError, isBalancerError } from './errors.ts';
export type { BalancerErrorOptions, ErrorCode, FailedAttempt } from './errors.ts';
export type { AttemptEndMessage, AttemptStartMessage, ExchangeEndMessage } from './channels.ts';
export type { Endpoint, EndpointOptions, PickContext } from './endpoint.ts';
export type { Outcome } from './outcome.ts';
export type { Cancel, Clock } from './lib/clock.ts';
export type { Random } from './lib/random.ts';
export { hash32 } from './lib/hash.ts';
