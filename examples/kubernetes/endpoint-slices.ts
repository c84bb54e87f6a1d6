/** What EndpointSlices say about the endpoints of a service. */
import type { EndpointOptions } from '@evenkeel/core';

/** The part of a `discovery.k8s.io/v1` EndpointSlice that is of use. */
export interface EndpointSlice {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN';
  readonly endpoints?: readonly SliceEndpoint[] | null;
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[] | null;
}

export interface SliceEndpoint {
  readonly addresses: readonly string[];
  readonly conditions?: { readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean };
  readonly zone?: string;
  readonly targetRef?: { readonly uid?: string };
}

/**
 * One endpoint per pod, by its uid: an address is given to another pod sooner or later. While the control plane moves endpoints, one may be
 * in two slices.
 * @param portName the port's name in the service; the first port if it is not given
 */
export function endpointsOf(slices: Iterable<EndpointSlice>, portName: string | undefined): EndpointOptions[] {
  const byId = new Map<string, EndpointOptions>();
  for (const slice of slices) {
    const ports = slice.ports ?? [];
    const port = (portName === undefined ? ports[0] : ports.find(({ name }) => name === portName))?.port;
    if (port === undefined || slice.addressType === 'FQDN') continue;
    for (const endpoint of slice.endpoints ?? []) {
      // The addresses of one endpoint are interchangeable; whoever reads a slice takes the first.
      const [address] = endpoint.addresses;
      if (address === undefined || !isServing(endpoint)) continue;
      const url = `http://${slice.addressType === 'IPv6' ? `[${address}]` : address}:${port}`;
      const id = endpoint.targetRef?.uid ?? url;
      byId.set(id, { id, url, zone: endpoint.zone, isDraining: endpoint.conditions?.terminating === true });
    }
  }
  return [...byId.values()];
}

/**
 * `ready` is false while a pod terminates, whatever it can still do; `serving` is what it would be otherwise (KEP-1672). What is not said
 * counts as ready. So a pod that serves and terminates keeps its sessions and gets no new ones: `isDraining`.
 */
function isServing({ conditions = {} }: SliceEndpoint): boolean {
  return conditions.serving ?? conditions.ready ?? true;
}
