import assert from 'node:assert/strict';
import { agentProbe } from '@evenkeel/core';
import type { ProbeVerdict } from '@evenkeel/core';
import { endpointAt, refuses, stubIo } from './probe-stubs.ts';

const endpoint = endpointAt('http://10.0.0.1');

/** What the probe makes of each of an agent's lines, one after the other; an `Error` is an agent that is not there. */
async function verdicts(...lines: readonly (string | Error)[]): Promise<(ProbeVerdict | void)[]> {
  const probe = agentProbe({ port: 9_777 });
  const all = [];
  for (const line of lines) {
    const readLine = (): Promise<string> => (line instanceof Error ? Promise.reject(line) : Promise.resolve(line));
    all.push(await probe.check(endpoint, stubIo({ readLine })));
  }
  return all;
}

const well = { isDown: false };
const down = { isDown: true };

describe('agentProbe()', () => {
  it("asks the agent's port, with what it is to send", async () => {
    const calls: unknown[][] = [];
    const probe = agentProbe({ port: 9_777, send: 'cart\n', timeoutMs: 40 });
    await probe.check(endpoint, stubIo({ readLine: () => Promise.resolve('') }, calls));
    assert.deepEqual(calls, [['readLine', endpoint, { port: 9_777, text: 'cart\n', maxBytes: 4_096 }, 40]]);
  });

  it('takes a percentage as the share of the configured weight', async () => {
    assert.deepEqual(await verdicts('75%', '0%', '250%', '99999%', 'weight:40', '100000%', '-5%', '5%%', '%'), [
      { weightRatio: 0.75, ...well },
      { weightRatio: 0, ...well },
      { weightRatio: 2.5, ...well },
      { weightRatio: 10, ...well },
      { weightRatio: 0.4, ...well },
      well,
      well,
      well,
      well,
    ]);
  });

  it('takes an endpoint out with down, fail and stopped until the agent says up', async () => {
    for (const word of ['down', 'fail', 'failed', 'stopped']) {
      assert.deepEqual(await verdicts(word, '', '50%', 'up'), [down, down, { weightRatio: 0.5, ...down }, well], word);
    }
  });

  it('drains with drain, takes out with maint, and undoes both with ready', async () => {
    assert.deepEqual(await verdicts('drain', 'ready', 'maint', 'ready'), [
      { isDraining: true, ...well },
      { isDraining: false, ...well },
      { isDraining: false, ...down },
      { isDraining: false, ...well },
    ]);
  });

  it('undoes down with up alone, and maint with ready alone', async () => {
    const isDraining = false;
    assert.deepEqual(await verdicts('down', 'ready', 'up'), [down, { isDraining, ...down }, well]);
    assert.deepEqual(await verdicts('maint', 'up', 'ready'), [{ isDraining, ...down }, down, { isDraining, ...well }]);
    assert.deepEqual((await verdicts('down maint', 'up', 'ready')).at(-1), { isDraining, ...well });
  });

  it('leaves everything as it was if the agent is absent', async () => {
    const absent = new Error('refused');
    assert.deepEqual(await verdicts(absent, 'down', absent, 'up', absent), [well, down, down, well, well]);
  });

  it('takes words in any order and case, between blanks, tabs and commas, the last of a kind', async () => {
    assert.deepEqual(await verdicts(' ,READY\t75%,Up 30% drain ', 'up Down'), [
      { weightRatio: 0.3, isDraining: true, ...well },
      down,
    ]);
  });

  it('passes over what comes after a sharp, maxconn, and words that it does not know', async () => {
    assert.deepEqual(await verdicts('maxconn:30 sideways upp 5', 'up # not down, 10%', '#down', 'down#disk'), [
      well,
      well,
      well,
      down,
    ]);
  });

  it('heeds no line that is cut off for its length', async () => {
    assert.deepEqual(await verdicts(`down ${'x'.repeat(4_091)}`, `down ${'x'.repeat(4_090)}`), [well, down]);
  });

  it('keeps what is said of one endpoint from another', async () => {
    const probe = agentProbe({ port: 1 });
    await probe.check(endpoint, stubIo({ readLine: () => Promise.resolve('down') }));
    const other = await probe.check(endpointAt('http://10.0.0.2'), stubIo({ readLine: () => Promise.resolve('') }));
    assert.deepEqual(other, well);
  });

  it('is heeded at once, and always in the same rhythm', () => {
    const { intervalMs, fastIntervalMs, downIntervalMs, rise, fall } = agentProbe({ port: 1, intervalMs: 7_000 });
    assert.deepEqual([intervalMs, fastIntervalMs, downIntervalMs, rise, fall], [7_000, 7_000, 7_000, 1, 1]);
  });

  it('refuses options that it does not know or that make no sense', () => {
    refuses(agentProbe, [
      [{}, /agentProbe: `port` is missing/],
      [{ port: 1.5 }, /`port` must be an integer from 1 to 65535, got 1.5/],
      [{ port: 1, send: 7 }, /`send` must be a string of at most 1024 characters, got 7/],
      [{ port: 1, send: 'x'.repeat(1_025) }, /`send` must be a string of at most 1024 characters/],
      [{ port: 1, fall: 3 }, /agentProbe: `fall` is not a known option/],
      [{ port: 1, intervalMs: 1 }, /`intervalMs` must be a number of milliseconds from 10/],
      [{ port: 1, timeoutMs: 0 }, /`timeoutMs` must be a number of milliseconds from 1/],
      [{ port: 1, spreadPercent: -1 }, /`spreadPercent` must be a number of percent from 0 to 50, got -1/],
    ]);
  });
});
