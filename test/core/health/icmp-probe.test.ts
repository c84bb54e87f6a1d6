import assert from 'node:assert/strict';
import { icmpProbe } from '@evenkeel/core';
import { endpointAt, refuses, stubIo, WRONG_TIMING } from './probe-stubs.ts';

const exiting = (exitStatus: number, output = ''): { run: () => Promise<{ exitStatus: number; output: string }> } => ({
  run: () => Promise.resolve({ exitStatus, output }),
});

describe('icmpProbe()', () => {
  it('has ping send one request to the host, whatever the port', async () => {
    for (const [origin, address] of [
      ['http://10.0.0.1:3000', '10.0.0.1'],
      ['https://[2001:db8::1]', '2001:db8::1'],
      ['http://shop-1.example.test', 'shop-1.example.test'],
    ] as const) {
      const calls: unknown[][] = [];
      await icmpProbe({ timeoutMs: 700 }).check(endpointAt(origin), stubIo(exiting(0), calls));
      assert.deepEqual(calls, [
        [
          'run',
          ['ping', '-n', '-q', '-c', '1', '--', address],
          { timeoutMs: 700, env: { LC_ALL: 'C' }, maxOutputBytes: 1_024 },
        ],
      ]);
    }
  });

  it('gives ping nothing that it could take for an option', async () => {
    for (const origin of ['http://-f', 'http://-c9.test:80', "http://a'b", 'http://$x', 'http://a;b']) {
      assert.ok(URL.canParse(origin), origin);
      const check = async (): Promise<unknown> => icmpProbe().check(endpointAt(origin), stubIo({}));
      await assert.rejects(check, /is no name or address that ping is given/, origin);
    }
  });

  it('fails with what ping says if no answer comes', async () => {
    const io = stubIo(exiting(1, '\n--- 10.0.0.1 statistics ---\u0007\n1 sent, 0 received'));
    const check = async (): Promise<unknown> => icmpProbe().check(endpointAt('http://10.0.0.1'), io);
    await assert.rejects(check, { message: 'ping 10.0.0.1 exited with 1: --- 10.0.0.1 statistics ---?' });
  });

  it('says which package brings ping if it is missing', async () => {
    const missing = Object.assign(new Error('spawn ping ENOENT'), { code: 'ENOENT' });
    const check = async (error: Error): Promise<unknown> =>
      icmpProbe().check(endpointAt('http://a'), stubIo({ run: () => Promise.reject(error) }));
    await assert.rejects(check(missing), /icmpProbe needs the program ping, .* in the package iputils-ping/);
    await assert.rejects(check(new Error('took too long')), { message: 'took too long' });
  });

  it('refuses options that it does not know or that make no sense', () => {
    refuses(icmpProbe, [
      ...WRONG_TIMING,
      [{ count: 3 }, /icmpProbe: `count` is not a known option/],
      [{ program: '-x' }, /`program` must be the name of a program, or its absolute path, got "-x"/],
      [{ program: 'ping -c 3' }, /`program` must be the name of a program/],
      [{ program: '../ping' }, /`program` must be the name of a program/],
    ]);
  });
});
