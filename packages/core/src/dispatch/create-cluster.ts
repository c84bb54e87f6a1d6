/**
 * The shell around the synchronous core: it reads the clock, owns the connections, and runs probes and drains.
 */
import type { Dispatcher } from 'undici';
import { ClusterCore } from '../cluster/cluster-core.ts';
import { explainPick } from '../cluster/explain.ts';
import type { EndpointState } from '../cluster/endpoint-state.ts';
import type { Explanation } from '../cluster/explanation.ts';
import type { Resolver } from '../discovery/resolver.ts';
import { chooserOf } from '../discovery/subset.ts';
import type { Choose } from '../discovery/subset.ts';
import { endpointsSchema } from '../endpoint.ts';
import type { Endpoint, EndpointOptions, PickContext, ResolvedEndpoint } from '../endpoint.ts';
import { BalancerError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import { systemClock } from '../lib/clock.ts';
import { Emitter } from '../lib/emitter.ts';
import { durationMs, resolveOptions, v } from '../options.ts';
import type { Outcome } from '../outcome.ts';
import { createTransport } from '../transport/create-transport.ts';
import { probeIo } from '../transport/probe-io.ts';
import type { Transport } from '../transport/transport.ts';
import type { ClusterResponse, ExecuteOptions, RequestOptions } from './call.ts';
import type { CloseOptions, Cluster, ClusterEvents, DrainOptions } from './cluster.ts';
import { clusterDispatcher } from './cluster-dispatcher.ts';
import { ClusterExchange } from './cluster-exchange.ts';
import type { ExchangeHost } from './exchange-host.ts';
import { clusterSchema } from './cluster-options.ts';
import type { ClusterOptions, ResolvedClusterOptions } from './cluster-options.ts';
import { Discoverer } from './discoverer.ts';
import { allIdle, cutTunnels, drainEndpoint, idle } from './drain.ts';
import { executeThrough } from './execute.ts';
import { exchangeRequestOf } from './exchange-request.ts';
import { fetchThrough } from './fetch.ts';
import { Prober } from './prober.ts';
import { cancelled } from './messages.ts';
import { PendingResponse } from './response.ts';
import { inflightLimit, requestPolicies } from './request-options.ts';
import type { RequestPolicies } from './request-options.ts';
import type { Exchange, ExchangeRequest, ResponseSink } from './sink.ts';
import { TypicalLatency } from './typical-latency.ts';
import { NO_STALLS, stallMeter } from './stall-meter.ts';
import type { StallMeter } from './stall-meter.ts';
import { WaitQueue } from './wait-queue.ts';

/**
 * Creates a cluster. It opens no connection before the first request.
 * @throws INVALID_OPTIONS
 */
export function createCluster(options: ClusterOptions): Cluster {
  return new RunningCluster(resolveOptions('createCluster', clusterSchema, options));
}

const closeSchema = v.strictObject({ deadlineMs: v.optional(durationMs(0), 30_000) });

class RunningCluster implements Cluster, ExchangeHost {
  readonly name: string;
  readonly core: ClusterCore;
  readonly transport: Transport;
  readonly clock: ResolvedClusterOptions['clock'];
  readonly random: ResolvedClusterOptions['random'];
  readonly retry: ResolvedClusterOptions['retry'];
  readonly budget: ResolvedClusterOptions['budget'];
  readonly policies: RequestPolicies;
  readonly queue: WaitQueue;
  readonly typicalLatency: TypicalLatency = new TypicalLatency();
  readonly stalls: StallMeter;
  isClosed = false;
  isCut = false;
  private readonly emitter = new Emitter<ClusterEvents>();
  private readonly prober: Prober | undefined;
  private readonly discoverer: Discoverer | undefined = undefined;
  private readonly choose: Choose;
  /** Endpoints that still have, or may have, connections: the members, and those that were removed and are not idle yet. */
  private readonly connected = new Set<EndpointState>();

  constructor(options: ResolvedClusterOptions) {
    const { clock, random, probe, tls } = options;
    this.name = options.name;
    this.clock = clock;
    this.random = random;
    this.retry = options.retry;
    this.budget = options.budget;
    this.policies = requestPolicies(options);
    this.stalls = clock === systemClock ? stallMeter(clock) : NO_STALLS;
    const { maxQueued, queueTimeoutMs, concurrencyLimit } = options;
    this.queue = new WaitQueue(clock, maxQueued, queueTimeoutMs, concurrencyLimit !== undefined);
    this.transport = createTransport({ ...options, tls });
    const coreOptions = { ...options, maxInflight: inflightLimit(options.maxInflight, options) };
    this.core = new ClusterCore(coreOptions, {
      added: (endpoint) => this.onAdded(endpoint),
      removed: (endpoint) => this.onRemoved(endpoint),
      pickable: (endpoint) => this.onPickable(endpoint),
      unpickable: (endpoint, reason) => this.emitter.emit('unpickable', endpoint, reason),
      spared: (endpoint) => this.emitter.emit('spared', endpoint),
      panic: (isPanicking) => this.emitter.emit('panic', isPanicking),
      quorum: (hasQuorum) => this.emitter.emit('quorum', hasQuorum),
    });
    const { name: cluster } = options;
    this.prober = probe && new Prober(this.core, { cluster, probes: probe, io: probeIo(tls), clock, random });
    const { endpoints } = options;
    this.choose = chooserOf(options.subset, random);
    if (Array.isArray(endpoints)) this.adopt(endpoints);
    else this.discoverer = this.discover(endpoints);
  }

  get endpoints(): readonly Endpoint[] {
    return this.core.endpoints;
  }

  get pickable(): number {
    return this.core.snapshot.pickable.length;
  }

  get refusal(): ErrorCode {
    if (this.isClosed) return 'CLOSED';
    return this.core.endpoints.length === 0 ? 'NO_ENDPOINT' : 'OVERLOADED';
  }

  update(endpoints: readonly (string | EndpointOptions)[]): void {
    if (this.discoverer !== undefined) {
      throw new BalancerError('INVALID_OPTIONS', 'update: the endpoints of this cluster come from its resolver');
    }
    this.adopt(resolveOptions('update', endpointsSchema, endpoints));
  }

  ready(): Promise<void> {
    return this.discoverer?.ready() ?? Promise.resolve();
  }

  drain(id: string, options: DrainOptions = {}): Promise<void> {
    return drainEndpoint(this, this.member('drain', id), options);
  }

  disable(id: string): void {
    this.core.setReason(this.member('disable', id), 'disabled', true, this.clock.now());
  }

  enable(id: string): void {
    const endpoint = this.member('enable', id);
    endpoint.undrain();
    this.core.setReason(endpoint, 'draining', false, this.clock.now());
    this.core.setReason(endpoint, 'disabled', false, this.clock.now());
  }

  endpointOfRoute(route: string): Endpoint | undefined {
    return this.core.endpointOfRoute(route);
  }

  request(options: RequestOptions | string): Promise<ClusterResponse> {
    const given = typeof options === 'string' ? { path: options } : options;
    return new Promise((resolve, reject) => {
      const request = exchangeRequestOf(given);
      if (given.signal?.aborted) throw cancelled(this.name, request.method, given.signal.reason);
      new PendingResponse(resolve, reject, given.signal).start(this, request);
    });
  }

  fetch(input: string | URL, init?: RequestInit): Promise<Response> {
    return fetchThrough((options) => this.request(options), input, init);
  }

  execute<T>(call: (endpoint: Endpoint, signal: AbortSignal) => Promise<T>, options?: ExecuteOptions<T>): Promise<T> {
    return executeThrough(this, call, options);
  }

  dispatcher(): Dispatcher {
    return clusterDispatcher((request, sink) => this.exchange(request, sink));
  }

  exchange(request: ExchangeRequest, sink: ResponseSink): Exchange {
    const exchange = new ClusterExchange(this, request, sink);
    exchange.start();
    return exchange;
  }

  pick(context: PickContext): Endpoint | undefined {
    return this.core.pick(context);
  }

  begin(endpoint: Endpoint, now: number): void {
    this.core.begin(endpoint as EndpointState, now);
  }

  report(endpoint: Endpoint, outcome: Outcome, startedAt: number, now: number, stalledMs: number = 0): void {
    this.core.report(endpoint as EndpointState, outcome, startedAt, now, stalledMs);
  }

  reportLate(endpoint: Endpoint, startedAt: number, now: number, stalledMs: number = 0): void {
    this.core.reportLate(endpoint as EndpointState, startedAt, now, stalledMs);
  }

  reportLoad(endpoint: Endpoint, value: string, now: number): void {
    this.core.reportLoad(endpoint as EndpointState, value, now);
  }

  explain(context: PickContext): Explanation {
    return explainPick(this.core, context);
  }

  reportCut(endpoint: Endpoint, now: number): void {
    this.core.reportCut(endpoint as EndpointState, now);
  }

  end(endpoint: Endpoint): void {
    this.core.end(endpoint as EndpointState);
    this.queue.admitOne();
  }

  on<K extends keyof ClusterEvents>(event: K, listener: (...args: ClusterEvents[K]) => void): this {
    this.emitter.on(event, listener);
    return this;
  }

  off<K extends keyof ClusterEvents>(event: K, listener: (...args: ClusterEvents[K]) => void): this {
    this.emitter.off(event, listener);
    return this;
  }

  async close(options: CloseOptions = {}): Promise<void> {
    const { deadlineMs } = resolveOptions('close', closeSchema, options);
    this.isClosed = true;
    this.queue.clear();
    this.prober?.close();
    this.discoverer?.close();
    for (const endpoint of this.connected) endpoint.undrain();
    let cancelDeadline = (): void => undefined;
    const deadline = new Promise<void>((resolve) => {
      cancelDeadline = this.clock.schedule(deadlineMs, () => {
        this.isCut = true;
        resolve();
      });
    });
    // What `execute` runs has no connection of ours that could be cut: it is waited for until the deadline, and no longer.
    await Promise.race([deadline, allIdle(this.connected)]);
    cancelDeadline();
    this.stalls.close();
    if (this.isCut) this.connected.forEach(cutTunnels);
    await Promise.all([...this.connected].map((endpoint) => this.transport.release(endpoint, this.isCut)));
    this.connected.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private discover(resolver: Resolver): Discoverer {
    return new Discoverer(resolver, this.clock, this.random, {
      found: (endpoints) => this.adopt(endpoints),
      resolved: (count) => this.emitter.emit('resolved', count),
      failed: (error) => this.emitter.emit('resolveFailed', error),
    });
  }

  private adopt(endpoints: readonly ResolvedEndpoint[]): void {
    // What tells of endpoints may be slower to stop than the cluster; probes must not start again for it.
    if (!this.isClosed) this.core.update(this.choose(endpoints), this.clock.now());
  }

  private member(where: string, id: string): EndpointState {
    const endpoint = this.core.find(id);
    if (endpoint !== undefined) return endpoint;
    const known = this.core.endpoints.map((member) => member.id).join(', ');
    throw new BalancerError('INVALID_OPTIONS', `${where}: \`id\` must be one of ${known}, got ${JSON.stringify(id)}`);
  }

  private onAdded(endpoint: EndpointState): void {
    this.connected.add(endpoint);
    this.prober?.add(endpoint);
    this.emitter.emit('added', endpoint);
    this.queue.admitAll();
  }

  private onPickable(endpoint: EndpointState): void {
    this.emitter.emit('pickable', endpoint);
    this.queue.admitAll();
  }

  private onRemoved(endpoint: EndpointState): void {
    this.prober?.remove(endpoint);
    endpoint.undrain();
    this.emitter.emit('removed', endpoint);
    void this.retire(endpoint);
  }

  /** Lets the endpoint finish what it has begun, then closes its connections. */
  private async retire(endpoint: EndpointState): Promise<void> {
    await idle(endpoint);
    await this.transport.release(endpoint, false);
    this.connected.delete(endpoint);
  }
}
