import assert from 'node:assert/strict';
import { UndiciHandler } from '../../../packages/core/src/transport/undici-handler.ts';
import type { TransportController, TransportHandler } from '../../../packages/core/src/transport/transport.ts';

const CONTROLLER: TransportController = { abort: () => undefined, pause: () => undefined, resume: () => undefined };

function heard(isContinueExpected: boolean, tell: (handler: TransportHandler) => void): unknown[] {
  const calls: unknown[] = [];
  const note =
    (name: string) =>
    (...args: unknown[]): void =>
      void calls.push([name, ...args.filter((arg) => typeof arg !== 'object')]);
  const handler: TransportHandler = {
    onRequestStart: note('start'),
    onResponseStart: note('head'),
    onResponseData: note('data'),
    onResponseEnd: note('end'),
    onRequestUpgrade: note('upgrade'),
    onResponseError: note('error'),
  };
  tell(new UndiciHandler(handler, isContinueExpected));
  return calls;
}

describe('what undici says', () => {
  it('passes with the reason phrase as it was on the wire', () => {
    const phrases = { Fine: 'Fine', '': '', 'caf\u00e9': 'caf\xc3\xa9', 'caf\ufffd': 'Not Found' };
    for (const [decoded, onWire] of Object.entries(phrases)) {
      const calls = heard(false, (handler) => handler.onResponseStart(CONTROLLER, 404, {}, decoded));
      assert.deepEqual(calls, [['head', 404, onWire]]);
    }
  });

  it('comes with the 100 that undici cannot ask for', () => {
    const start = (handler: TransportHandler): void => handler.onRequestStart(CONTROLLER, {});
    assert.deepEqual(heard(true, start), [['start'], ['head', 100]]);
    assert.deepEqual(heard(false, start), [['start']]);
  });
});
