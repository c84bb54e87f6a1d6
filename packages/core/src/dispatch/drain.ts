/**
 * Emptying one endpoint: no new work at once, sessions for a while yet, then what is left until the deadline. And waiting for all.
 */
import type { EndpointState } from '../cluster/endpoint-state.ts';
import { durationMs, resolveOptions, v } from '../options.ts';
import type { DrainOptions } from './cluster.ts';
import type { ExchangeHost } from './exchange-host.ts';

const drainSchema = v.pipe(
  v.strictObject({ deadlineMs: v.optional(durationMs(0), 30_000), keepSessionsMs: v.optional(durationMs(0)) }),
  v.transform(({ deadlineMs, keepSessionsMs = (deadlineMs * 2) / 3 }) => ({ deadlineMs, keepSessionsMs })),
  v.forward(
    v.check(({ deadlineMs, keepSessionsMs }) => keepSessionsMs <= deadlineMs, 'at most `deadlineMs`'),
    ['keepSessionsMs'],
  ),
);

/** Resolves when the endpoint has nothing in flight. */
export function idle(endpoint: EndpointState): Promise<void> {
  if (endpoint.inflight === 0) return Promise.resolve();
  return new Promise((resolve) => endpoint.onIdle(resolve));
}

/** Resolves when nothing is in flight on any of them: an attempt that fails may be tried again on one that was idle already. */
export async function allIdle(endpoints: ReadonlySet<EndpointState>): Promise<void> {
  for (;;) {
    const busy = [...endpoints].find(({ inflight }) => inflight > 0);
    if (busy === undefined) return;
    await idle(busy);
  }
}

/** Ends what no transport knows of any more. */
export function cutTunnels(endpoint: EndpointState): void {
  for (const tunnel of endpoint.tunnels ?? []) tunnel.cut();
}

export async function drainEndpoint(host: ExchangeHost, endpoint: EndpointState, options: DrainOptions): Promise<void> {
  const { deadlineMs, keepSessionsMs } = resolveOptions('drain', drainSchema, options);
  const { clock, core, transport } = host;
  const keepsSessions = keepSessionsMs > 0 && endpoint.hasSessions;
  endpoint.keepsSessions = keepsSessions;
  const serial = ++endpoint.drains;
  // Enabled and drained again meanwhile, it goes by the times of the later one.
  const isLatest = (): boolean => endpoint.drains === serial;
  core.setReason(endpoint, 'draining', true, clock.now());
  if (keepsSessions) {
    await new Promise<void>((resolve) => {
      const cancel = clock.schedule(keepSessionsMs, resolve);
      endpoint.onUndrain(cancel);
      endpoint.onUndrain(resolve);
    });
    if (isLatest()) endpoint.keepsSessions = false;
  }
  let cancelDeadline = (): void => undefined;
  const deadline = new Promise<boolean>((resolve) => {
    cancelDeadline = clock.schedule(deadlineMs - (keepsSessions ? keepSessionsMs : 0), () => resolve(true));
  });
  // What `execute` runs has no connection of ours that could be cut: it is waited for until the deadline, and no longer.
  const isLate = await Promise.race([deadline, idle(endpoint).then(() => false)]);
  cancelDeadline();
  // Unless it was enabled in the meantime and is in use again.
  if (!isLatest() || !endpoint.has('draining')) return;
  if (isLate) cutTunnels(endpoint);
  await transport.release(endpoint, isLate);
}
