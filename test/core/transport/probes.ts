/**
 * Probes over the real network, one at a time.
 */
import type { Probe, ProbeIo, ProbeVerdict } from '@evenkeel/core';
import { probeIo } from '../../../packages/core/src/transport/probe-io.ts';
import type { TlsOptions } from '@evenkeel/core';
import { endpointAt } from '../health/probe-stubs.ts';

/** The network as one run of a probe gets it. */
export function realIo(tls?: TlsOptions, signal: AbortSignal = new AbortController().signal): ProbeIo {
  return probeIo(tls)(signal);
}

/** Resolves as the probe does for an endpoint at this address. */
export async function probing(probe: Probe, url: string, tls?: TlsOptions): Promise<ProbeVerdict | void> {
  return probe.check(endpointAt(url), realIo(tls));
}
