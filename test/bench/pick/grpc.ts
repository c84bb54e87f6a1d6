/**
 * grpc-js: its balancing policies as a channel puts them together, `outlier_detection` around each, which is the one passive health
 * check that a peer has. What is ours is the connections: they are there and never used.
 *
 * A request is what a channel does for one: the pick, its `onCallStarted`, and `onCallEnded` when it is over, well.
 */
import { Metadata, connectivityState, experimental, status } from '@grpc/grpc-js';
import { INFLIGHT, addressOf } from './work.ts';
import type { Work } from './work.ts';

type Subchannel = ReturnType<experimental.ChannelControlHelper['createSubchannel']>;
type PickResult = ReturnType<experimental.Picker['pick']>;

/** A connection that is ready. What no policy asks it for is left out. */
function readySubchannel(address: string): Subchannel {
  const subchannel = {
    getConnectivityState: () => connectivityState.READY,
    getAddress: () => address,
    getChannelzRef: () => ({}),
    getRealSubchannel: () => subchannel,
    realSubchannelEquals: (other: Subchannel) => other.getRealSubchannel() === (subchannel as unknown),
    isHealthy: () => true,
    ref() {},
    unref() {},
    startConnecting() {},
    addConnectivityStateListener() {},
    removeConnectivityStateListener() {},
    addHealthStateWatcher() {},
    removeHealthStateWatcher() {},
  };
  return subchannel as unknown as Subchannel;
}

/** The picker of `outlier_detection` over `policy`, counting calls, with the defaults of both of its rules. */
function pickerOf(policy: string, size: number): experimental.Picker {
  let picker: experimental.Picker | undefined;
  const balancer = new experimental.ChildLoadBalancerHandler({
    createSubchannel: (address) => readySubchannel('host' in address ? address.host : address.path),
    updateState(state, given) {
      if (state === connectivityState.READY) picker = given;
    },
    requestReresolution() {},
    addChannelzChild() {},
    removeChannelzChild() {},
  });
  const config = experimental.parseLoadBalancingConfig({
    outlier_detection: {
      success_rate_ejection: {},
      failure_percentage_ejection: {},
      child_policy: [{ [policy]: {} }],
    },
  });
  const endpoints = Array.from({ length: size }, (_, i) => ({ addresses: [{ host: addressOf(i), port: 80 }] }));
  balancer.updateAddressList(experimental.statusOrFromValue(endpoints), config, {}, '');
  if (picker === undefined) throw new Error(`${policy} gave no picker for ready connections`);
  return picker;
}

class Calls implements Work {
  readonly #picker: experimental.Picker;
  readonly #args: experimental.PickArgs = { metadata: new Metadata(), extraPickInfo: {} };
  readonly #trailer = new Metadata();
  readonly #inflight: PickResult[] = [];
  #at = 0;

  constructor(picker: experimental.Picker) {
    this.#picker = picker;
    for (let i = 0; i < INFLIGHT; i++) this.#inflight.push(this.#begin());
  }

  run(operations: number): void {
    for (let i = 0; i < operations; i++) {
      const at = (this.#at = (this.#at + 1) % INFLIGHT);
      this.#inflight[at]!.onCallEnded?.(status.OK, 'OK', this.#trailer);
      this.#inflight[at] = this.#begin();
    }
  }

  #begin(): PickResult {
    const result = this.#picker.pick(this.#args);
    if (result.subchannel === null) throw new Error('nothing was picked');
    result.onCallStarted?.();
    return result;
  }
}

/** Pick, `onCallStarted`, `onCallEnded`. */
export function calls(policy: string): (size: number) => Work {
  return (size) => new Calls(pickerOf(policy, size));
}
