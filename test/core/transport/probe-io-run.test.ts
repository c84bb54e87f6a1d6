import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, constants, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandProbe, icmpProbe } from '@evenkeel/core';
import { endpointAt } from '../health/probe-stubs.ts';
import { probing, realIo } from './probes.ts';
import { systemTool } from './system-tool.ts';

const ENDPOINT = 'http://127.0.0.1:8080';

/** Resolves when nobody has this pipe open to read from it. */
async function unread(fifo: string): Promise<void> {
  const held: number[] = [];
  try {
    for (;;) {
      const descriptor = openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
      // The first stays open, lest a reader that is still there comes to the end.
      if (held.length === 0) held.push(descriptor);
      else closeSync(descriptor);
      await new Promise((resolve) => setImmediate(resolve));
    }
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENXIO');
  } finally {
    for (const descriptor of held) closeSync(descriptor);
  }
}

describe('an ICMP probe with the ping of the system', () => {
  before(function () {
    systemTool(this, 'ping', 'iputils-ping');
  });

  it('passes for a machine that answers', async () => {
    await probing(icmpProbe(), ENDPOINT);
  });

  it('passes over IPv6', async function () {
    const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    if (!addresses.some(({ address }) => address === '::1')) return this.skip();
    await probing(icmpProbe(), 'http://[::1]:8080');
  });

  it('fails where ping cannot even ask', async () => {
    await assert.rejects(
      probing(icmpProbe(), 'http://255.255.255.255'),
      /^Error: ping 255.255.255.255 exited with 2: /,
    );
  });

  it('fails for a machine that does not answer, when the time is up', async function () {
    // A network of its own, in which nobody answers an echo request: not every place lets us make one.
    const silent = ['ip link set lo up', 'echo 1 >/proc/sys/net/ipv4/icmp_echo_ignore_all'].join(' && ');
    const alone = `unshare -n sh -c '${silent}`;
    if (spawnSync('/bin/sh', ['-c', `${alone}'`]).status !== 0) return this.skip();
    const folder = mkdtempSync(join(tmpdir(), 'evenkeel-ping-'));
    const program = join(folder, 'ping');
    writeFileSync(program, `#!/bin/sh\nexec ${alone} && exec ping "$@"' ping "$@"\n`, {
      mode: 0o755,
    });
    try {
      const probe = icmpProbe({ program, timeoutMs: 500 });
      await assert.rejects(probing(probe, ENDPOINT), { message: `${program} did not end within 500 ms` });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('says so if there is no ping', async () => {
    await assert.rejects(
      probing(icmpProbe({ program: '/nowhere/ping' }), ENDPOINT),
      /needs the program \/nowhere\/ping/,
    );
  });
});

describe('a command probe', () => {
  const shell = (script: string, ...args: string[]): [string, ...string[]] => ['/bin/sh', '-c', script, 'sh', ...args];
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'evenkeel-command-'))));
  after(() => rmSync(folder, { recursive: true }));

  it('passes and fails by the exit status of a real program', async () => {
    await probing(commandProbe({ command: ['true'] }), ENDPOINT);
    await assert.rejects(probing(commandProbe({ command: ['false'] }), ENDPOINT), /false exited with 1: no output/);
    await assert.rejects(
      probing(commandProbe({ command: shell('echo disk full >&2; exit 3') }), ENDPOINT),
      /exited with 3: disk full/,
    );
    assert.deepEqual(await probing(commandProbe({ command: shell('exit 77'), isDynamic: true }), ENDPOINT), {
      weightRatio: 0.75,
    });
  });

  it('tells the program of the endpoint, and nothing of ours but PATH', async () => {
    process.env['EVENKEEL_SECRET'] = 'hidden';
    const { output } = await realIo().run(['env'], { timeoutMs: 5_000, env: { A: '1' }, maxOutputBytes: 65_536 });
    delete process.env['EVENKEEL_SECRET'];
    assert.deepEqual(output.trim().split('\n').toSorted(), ['A=1', `PATH=${process.env['PATH']}`]);
    const script = 'test "$EVENKEEL_ENDPOINT_HOST $EVENKEEL_ENDPOINT_PORT $EVENKEEL_ENDPOINT_ID $1" = "$2"';
    const command = shell(script, '$(id)', '127.0.0.1 8080 e0 $(id)');
    await probing(commandProbe({ command }), ENDPOINT);
  });

  it('fails if there is no such program, or it may not be run', async () => {
    await assert.rejects(probing(commandProbe({ command: ['/nowhere/check'] }), ENDPOINT), { code: 'ENOENT' });
    const file = join(folder, 'plain');
    writeFileSync(file, '', { mode: 0o600 });
    await assert.rejects(probing(commandProbe({ command: [file] }), ENDPOINT), { code: 'EACCES' });
  });

  it('fails if a signal ends the program', async () => {
    const probe = commandProbe({ command: shell('kill -SEGV $$'), isDynamic: true });
    await assert.rejects(probing(probe, ENDPOINT), { message: '/bin/sh was ended by SIGSEGV' });
  });

  it('kills the program and what it has started when the time is up', async () => {
    const late = join(folder, 'late');
    const fifo = join(folder, 'fifo');
    assert.equal(spawnSync('/bin/sh', ['-c', 'mkfifo "$1"', 'sh', fifo]).status, 0);
    // Both wait for a line that nobody writes; the inner one would leave a trace if it got one.
    const script = `(read line <"${fifo}"; touch "${late}") & read line <"${fifo}"`;
    const probe = commandProbe({ command: shell(script), timeoutMs: 200 });
    await assert.rejects(probing(probe, ENDPOINT), { message: '/bin/sh did not end within 200 ms' });
    await unread(fifo);
    assert.equal(existsSync(late), false);
  });

  it('kills a program that is called off', async () => {
    const cut = new AbortController();
    const options = { timeoutMs: 60_000, env: {}, maxOutputBytes: 9 };
    const run = realIo(undefined, cut.signal).run(['sleep', '1000'], options);
    cut.abort();
    await assert.rejects(run, /called off/);
  });

  it('keeps the start of endless output, and lets the program go on', async () => {
    const script = 'head -c 3000000 /dev/zero | tr "\\0" x; exit 4';
    const options = { timeoutMs: 9_000, env: {}, maxOutputBytes: 10 };
    const result = await realIo().run(shell(script), options);
    assert.deepEqual(result, { exitStatus: 4, output: 'x'.repeat(10) });
  });

  it('does not wait for what a program leaves running with its output', async () => {
    const check = commandProbe({ command: shell('sleep 1000 & exit 0'), timeoutMs: 9_000 }).check(
      endpointAt(ENDPOINT),
      realIo(),
    );
    await check;
  });
});
