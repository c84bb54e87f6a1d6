import assert from 'node:assert/strict';
import { commandProbe } from '@evenkeel/core';
import type { CommandProbeOptions, ProbeVerdict } from '@evenkeel/core';
import { endpointAt, refuses, stubIo, WRONG_TIMING } from './probe-stubs.ts';

const endpoint = endpointAt('https://[::1]', 'cart-1');

async function verdict(
  options: Partial<CommandProbeOptions>,
  exitStatus: number,
  output = '',
): Promise<ProbeVerdict | void> {
  const io = stubIo({ run: () => Promise.resolve({ exitStatus, output }) });
  return commandProbe({ command: ['/opt/check'], ...options }).check(endpoint, io);
}

describe('commandProbe()', () => {
  it('runs the program with its arguments and tells it of the endpoint', async () => {
    const calls: unknown[][] = [];
    const probe = commandProbe({ command: ['check', '-a', '$HOME; x'], env: { LEVEL: '2' }, timeoutMs: 50 });
    await probe.check(endpoint, stubIo({ run: () => Promise.resolve({ exitStatus: 0, output: '' }) }, calls));
    const env = {
      LEVEL: '2',
      EVENKEEL_ENDPOINT_HOST: '::1',
      EVENKEEL_ENDPOINT_PORT: '443',
      EVENKEEL_ENDPOINT_ID: 'cart-1',
    };
    assert.deepEqual(calls, [['run', ['check', '-a', '$HOME; x'], { timeoutMs: 50, env, maxOutputBytes: 4_096 }]]);
  });

  it('passes with 0, and fails with anything else', async () => {
    assert.equal(await verdict({}, 0), undefined);
    for (const status of [1, 2, 102, 255]) {
      await assert.rejects(verdict({}, status, 'disk\tfull\nmore'), {
        message: `/opt/check exited with ${status}: disk?full`,
      });
    }
    await assert.rejects(verdict({}, 1), { message: '/opt/check exited with 1: no output' });
  });

  it("reads the status as keepalived's misc_dynamic does if told to", async () => {
    assert.equal(await verdict({ isDynamic: true }, 0), undefined, 'the weight stays as it is');
    await assert.rejects(verdict({ isDynamic: true }, 1), /exited with 1/);
    for (const [status, weightRatio] of [
      [2, 0],
      [3, 0.01],
      [52, 0.5],
      [102, 1],
      [255, 2.53],
    ] as const) {
      assert.deepEqual(await verdict({ isDynamic: true }, status), { weightRatio }, `${status}`);
    }
  });

  it('takes the weight as a share of `fullWeight`, at most ten times it', async () => {
    assert.deepEqual(await verdict({ isDynamic: true, fullWeight: 4 }, 4), { weightRatio: 0.5 });
    assert.deepEqual(await verdict({ isDynamic: true, fullWeight: 1 }, 255), { weightRatio: 10 });
  });

  it('refuses options that it does not know or that make no sense', () => {
    const command = ['x'];
    refuses(commandProbe, [
      ...WRONG_TIMING.map(([options, message]) => [{ command, ...options }, message] as const),
      [{}, /commandProbe: `command` is missing/],
      [{ command: 'rm -rf /' }, /`command` must be an array of a program and its arguments, .* got "rm -rf \/"/],
      [{ command: [] }, /`command.*` must be an array of a program and its arguments/],
      [{ command: [''] }, /`command\[0\]` must be an array of a program and its arguments, .* got ""/],
      [{ command: ['x', 7] }, /`command\[1\]` must be an array of a program and its arguments, .* got 7/],
      [{ command: ['x', 'a\0b'] }, /`command\[1\]` must be an array of a program/],
      [{ command, env: { A: 1 } }, /`env\.A` must be an object of environment variables, .* got 1/],
      [{ command, env: { 'A=B': '1' } }, /`env/],
      [{ command, isDynamic: 1 }, /`isDynamic` must be true or false, got 1/],
      [{ command, fullWeight: 254 }, /`fullWeight` must be an integer from 1 to 253, got 254/],
      [{ command, shell: true }, /commandProbe: `shell` is not a known option/],
    ]);
  });
});
