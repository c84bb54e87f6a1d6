/**
 * What tests of probes need: an endpoint at an address, and a network that answers as the test says.
 */
import assert from 'node:assert/strict';
import { isBalancerError } from '@evenkeel/core';
import type { Endpoint, Probe, ProbeIo } from '@evenkeel/core';
import { stubEndpoints } from '../../conformance/endpoints.ts';

/** An endpoint of which nothing but its address matters. */
export function endpointAt(origin: string, id = 'e0'): Endpoint {
  return { ...stubEndpoints([1])[0]!, origin, id };
}

/** A network that knows nothing but what it is given, and tells what it was asked. */
export function stubIo(known: Partial<ProbeIo>, calls: unknown[][] = []): ProbeIo {
  const names = ['connect', 'request', 'readLine', 'datagram', 'run', 'grpc'] as const;
  const entries = names.map((name) => [
    name,
    (...args: unknown[]) => {
      calls.push([name, ...args]);
      const method = known[name] as ((...given: unknown[]) => unknown) | undefined;
      return method === undefined ? assert.fail(`this probe does not use ${name}()`) : method(...args);
    },
  ]);
  return Object.fromEntries(entries) as ProbeIo;
}

/** Each of the options is refused with a message that matches. */
export function refuses(
  factory: (options: never) => Probe,
  cases: readonly (readonly [options: object, message: RegExp])[],
): void {
  for (const [options, message] of cases) {
    assert.throws(
      () => factory(options as never),
      (error) => isBalancerError(error) && error.code === 'INVALID_OPTIONS' && message.test(error.message),
      JSON.stringify(options),
    );
  }
}

/** What every probe says about timing that makes no sense, if it takes all of it. */
export const WRONG_TIMING: readonly (readonly [object, RegExp])[] = [
  [{ intervalMs: 5 }, /`intervalMs` must be a number of milliseconds from 10 to 2147483647, got 5/],
  [{ fastIntervalMs: 'soon' }, /`fastIntervalMs` must be a number of milliseconds from 10 to 2147483647, got "soon"/],
  [{ downIntervalMs: 9 }, /`downIntervalMs` must be a number of milliseconds from 10 to 2147483647, got 9/],
  [{ spreadPercent: 51 }, /`spreadPercent` must be a number of percent from 0 to 50, got 51/],
  [{ timeoutMs: 0 }, /`timeoutMs` must be a number of milliseconds from 1 to 2147483647, got 0/],
  [{ rise: 0 }, /`rise` must be an integer from 1 to 100, got 0/],
  [{ fall: 2.5 }, /`fall` must be an integer from 1 to 100, got 2.5/],
  [{ onFail: 'panic' }, /`onFail` must be "remove" or "inhibit", got "panic"/],
];
