export { createCluster } from './dispatch/create-cluster.ts';
export type { ClusterOptions } from './dispatch/cluster-options.ts';
export type { LocalityOptions, QuorumOptions } from './dispatch/membership-options.ts';
export type { CloseOptions, Cluster, ClusterEvents, DrainOptions } from './dispatch/cluster.ts';
export { DEADLINE_FIELD, deadlineOf } from './dispatch/deadline.ts';
export type { Fallback, FallbackResponse } from './dispatch/fallback.ts';
export type { RequestPolicyOptions } from './dispatch/request-options.ts';
export type { Priority } from './dispatch/wait-queue.ts';
export type { ClusterResponse, ExecuteOptions, HeaderFields, RequestOptions } from './dispatch/call.ts';
export { loadMeter } from './dispatch/load-meter.ts';
export type { LoadMeter, LoadMeterOptions } from './dispatch/load-meter.ts';
export { loadReporter } from './dispatch/load-reporter.ts';
export type { LoadReporter, LoadReporterOptions } from './dispatch/load-reporter.ts';
export { isIdempotentMethod } from './dispatch/exchange-request.ts';
export { recordTrace } from './dispatch/recorder.ts';
export type { RecordOptions, TraceEndpoint, TraceLine } from './dispatch/recorder.ts';
export type { Exchange, ExchangeRequest, ResponseSink } from './dispatch/sink.ts';
export type { RawHeaders, UpstreamRequest } from './transport/transport.ts';
export type { TlsOptions } from './transport/tls.ts';

export { leastRequest } from './strategies/least-request.ts';
export { maglev } from './strategies/maglev.ts';
export { loadReported } from './strategies/load-reported.ts';
export { peakEwma } from './strategies/peak-ewma.ts';
export { prequal } from './strategies/prequal.ts';
export { random } from './strategies/random.ts';
export { rendezvousHash } from './strategies/rendezvous-hash.ts';
export { ringHash } from './strategies/ring-hash.ts';
export { roundRobin } from './strategies/round-robin.ts';
export { weightedRoundRobin } from './strategies/weighted-round-robin.ts';
export type { BoundedLoadOptions } from './strategies/bounded-load.ts';
export type { ChoiceOptions } from './strategies/choices.ts';
export type { HashOptions } from './strategies/hashing.ts';
export type { MaglevOptions } from './strategies/maglev.ts';
export type { RingHashOptions } from './strategies/ring-hash.ts';
export type { LoadReportedOptions } from './strategies/load-reported.ts';
export type { PrequalOptions, PrequalStrategy } from './strategies/prequal.ts';
export type { Candidate, Picker, PickerExplanation, Strategy } from './strategies/strategy.ts';

export { anyOf } from './health/any-of.ts';
export { consecutiveFailures } from './health/consecutive-failures.ts';
export type { ConsecutiveFailuresOptions } from './health/consecutive-failures.ts';
export { failurePercentage } from './health/failure-percentage.ts';
export type { FailurePercentageOptions } from './health/failure-percentage.ts';
export { latencyOutlier } from './health/latency-outlier.ts';
export type { LatencyOutlierOptions } from './health/latency-outlier.ts';
export { successRate } from './health/success-rate.ts';
export type { SuccessRateOptions } from './health/success-rate.ts';
export type { EjectionTimes } from './health/ejection-backoff.ts';
export { agentProbe } from './health/agent-probe.ts';
export type { AgentProbeOptions } from './health/agent-probe.ts';
export { commandProbe } from './health/command-probe.ts';
export type { CommandProbeOptions } from './health/command-probe.ts';
export { grpcHealthProbe } from './health/grpc-health-probe.ts';
export type { GrpcHealthProbeOptions } from './health/grpc-health-probe.ts';
export { httpProbe } from './health/http-probe.ts';
export type { HttpProbeOptions, StatusRange } from './health/http-probe.ts';
export { icmpProbe } from './health/icmp-probe.ts';
export type { IcmpProbeOptions } from './health/icmp-probe.ts';
export { loadProbe } from './health/load-probe.ts';
export type { LoadProbeOptions } from './health/load-probe.ts';
export { tcpProbe } from './health/tcp-probe.ts';
export type { TcpProbeOptions } from './health/tcp-probe.ts';
export { udpProbe } from './health/udp-probe.ts';
export type { UdpProbeOptions } from './health/udp-probe.ts';
export type { EjectionJudges, EjectionPolicy, EjectionTracker } from './health/ejection.ts';
export type { HealthReason } from './health/reasons.ts';
export type {
  Probe,
  ProbeDatagramOptions,
  ProbeGrpcCall,
  ProbeIo,
  ProbeLineOptions,
  ProbeRequest,
  ProbeResponse,
  ProbeRunOptions,
  ProbeRunResult,
  ProbeTiming,
  ProbeVerdict,
} from './health/probe.ts';

export { dnsResolver } from './discovery/dns-resolver.ts';
export type { DnsResolverOptions } from './discovery/dns-resolver.ts';
export { fileResolver } from './discovery/file-resolver.ts';
export type { FileResolverOptions } from './discovery/file-resolver.ts';
export { srvResolver } from './discovery/srv-resolver.ts';
export type { SrvResolverOptions } from './discovery/srv-resolver.ts';
export type { SubsetOptions } from './discovery/subset.ts';
export type { AddressRecord, Resolver, ResolverIo, ServiceRecord } from './discovery/resolver.ts';
export { aimd } from './concurrency/aimd.ts';
export type { AimdOptions } from './concurrency/aimd.ts';
export { gradient2 } from './concurrency/gradient2.ts';
export type { Gradient2Options } from './concurrency/gradient2.ts';
export type { ConcurrencyLimit, ConcurrencyLimiter } from './concurrency/concurrency-limit.ts';
export { hedging } from './retry/hedge-policy.ts';
export type { HedgePolicy, HedgingOptions } from './retry/hedge-policy.ts';
export { ROUTE_OF_KEY } from './cluster/candidates.ts';
export type { ExcludedEndpoint, ExplainedCandidate, Explanation } from './cluster/explanation.ts';

export { retryBudget } from './retry/retry-budget.ts';
export { retryPolicy } from './retry/retry-policy.ts';
export type { RetryBudget, RetryBudgetOptions } from './retry/retry-budget.ts';
export type { FailedTry, RetryPolicy, RetryPolicyOptions } from './retry/retry-policy.ts';

export { BalancerError, isBalancerError } from './errors.ts';
export type { BalancerErrorOptions, ErrorCode, FailedAttempt } from './errors.ts';
export type {
  AttemptEndMessage,
  AttemptMessage,
  AttemptStartMessage,
  ExchangeEndMessage,
  ProbeEndMessage,
} from './channels.ts';
export type { Endpoint, EndpointOptions, PickContext } from './endpoint.ts';
export { formatLoadReport, parseLoadReport } from './load-report.ts';
export type { LoadFigures, LoadReport } from './load-report.ts';
export type { Outcome } from './outcome.ts';
export { systemClock } from './lib/clock.ts';
export type { Cancel, Clock } from './lib/clock.ts';
export type { Random } from './lib/random.ts';
export { hash32 } from './lib/hash.ts';
