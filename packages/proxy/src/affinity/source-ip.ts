/**
 * Mode `sourceIp`: a client's requests stay where the strategy put the first of them, until the client has been quiet for a while. The
 * table is this process's own: another balancer has another one, and a restart begins anew. Where balancers have to agree, `hash`
 * with a `sourceIp()` key is better.
 */
import { hash32 } from '@evenkeel/core';
import { networkOf } from '../client-address.ts';
import type { Prefixes } from '../client-address.ts';
import type { Affinity, AffinityRules } from './affinity.ts';
import { IdleTable } from './idle-table.ts';
import type { IdleLimits } from './idle-table.ts';

export interface SourceIpRules extends AffinityRules, IdleLimits {
  readonly prefixes: Prefixes;
}

/** @param now ms, monotonic; a seam for tests */
export function sourceIpAffinity(rules: SourceIpRules, now: () => number = () => performance.now()): Affinity {
  const { isStrict, maxLoadRatio, prefixes } = rules;
  const places = new IdleTable(rules);

  return {
    maxLoadRatio,
    readRequest(_fields, _cookieAt, stickiness) {
      const network = networkOf(stickiness.address, prefixes);
      if (network === undefined) return;
      stickiness.token = network;
      stickiness.key = hash32(network) || 1;
      stickiness.preferred = places.get(network, now());
      stickiness.isStrict = isStrict && stickiness.preferred !== undefined;
    },
    writeResponse(_fields, { token, preferred, isDetour }, endpoint) {
      if (token === undefined) return;
      const at = now();
      const place = places.get(token, at);
      // Of several first requests at once the first one answered decides; what moved later than this request was sent stays, too.
      const mayMove = place === undefined || (place === preferred && !isDetour);
      places.set(token, mayMove ? endpoint.route : place, at);
    },
  };
}
