/**
 * Mode `hash`: nobody makes a cookie, and nobody keeps a table. Where a request goes is worked out from its key, by weighted rendezvous
 * hashing of all members, the same by all balancers and whatever the cluster's strategy is.
 *
 * What it costs: when an endpoint joins or comes back, the keys that are its own go there, whatever they left elsewhere. For
 * sessions in an endpoint's memory a cookie is better.
 * @see Thaler and Ravishankar 1998, "Using name-based mappings to increase hit rates"
 */
import { ROUTE_OF_KEY } from '@evenkeel/core';
import { SESSION_COOKIE, splitRoute } from '@evenkeel/core/session-cookie';
import { cookieKey, firstKey, hashOfKey, sourceIp } from '../keys.ts';
import type { RequestKey } from '../keys.ts';
import type { Affinity, AffinityRules } from './affinity.ts';

export interface HashRules extends AffinityRules {
  readonly key: RequestKey;
}

export function hashAffinity({ key: keyOf, isStrict, maxLoadRatio }: HashRules): Affinity {
  return {
    maxLoadRatio,
    readRequest(_fields, _cookieAt, stickiness, request) {
      const key = hashOfKey(keyOf, request, stickiness);
      if (key === 0) return;
      stickiness.key = key;
      stickiness.preferred = ROUTE_OF_KEY;
      stickiness.isStrict = isStrict;
    },
    writeResponse() {},
  };
}

/** The session's id, without a container's route behind it: that changes when the session moves. Else the client's address. */
export function sessionKey(): RequestKey {
  const valueOf = cookieKey(SESSION_COOKIE);
  return firstKey((request, client) => {
    const value = valueOf(request, client);
    return value === undefined ? undefined : splitRoute(value).token;
  }, sourceIp());
}
