/** Real Redis servers that can be frozen, killed like a power cut, and started again on the same port with what they had on disk. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findRedisServer } from '@evenkeel/session-store/testing';

export interface RedisProcess extends AsyncDisposable {
  readonly port: number;
  /** The server answers nothing, and its sockets stay open. */
  freeze(): void;
  thaw(): void;
  /** SIGKILL; resolves when it is gone. What it has on disk stays. */
  kill(): Promise<void>;
  /** Starts it again, on the same port and folder; resolves when it answers. */
  restart(): Promise<void>;
}

/**
 * A shell holds the server by its own standard input: when that closes, as it does when this process is gone, however it went, the
 * shell kills the server, even a frozen one, and removes its folder; the word `keep` before lets the folder stay.
 */
const KEEPER = `trap '' INT TERM HUP
dir=$1; shift
"$@" >>"$dir/log" 2>&1 & server=$!
echo $server
read -r word
kill -9 "$server"; wait "$server" 2>/dev/null; [ "$word" = keep ] || rm -rf "$dir"`;

const START_TIMEOUT_MS = 20_000;

/**
 * Leaves a suite out where there is no server to start, as where REDIS_URL names one on another machine. To be called in `before`.
 */
export function needsRedisServer(suite: { skip(): void }): void {
  if (findRedisServer() === undefined) suite.skip();
}

/** Free ports of this machine, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const probes = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(probes.map((probe) => once(probe, 'listening')));
  const ports = probes.map((probe) => (probe.address() as AddressInfo).port);
  await Promise.all(probes.map((probe) => once(probe.close(), 'close')));
  return ports;
}

/**
 * Starts a server on 127.0.0.1 and resolves when it answers.
 * @param options as in redis.conf, a line each
 */
export async function redisProcess(port: number, options: readonly string[], mode = ''): Promise<RedisProcess> {
  const server = findRedisServer();
  if (server === undefined) throw new Error('neither redis-server nor valkey-server is on the PATH');
  const dir = mkdtempSync(join(tmpdir(), 'evenkeel-faults-'));
  const config = join(dir, 'redis.conf');
  writeFileSync(config, ['bind 127.0.0.1', `port ${port}`, `dir ${dir}`, 'save ""', ...options, ''].join('\n'));
  const command = [server, config, ...(mode === '' ? [] : [mode])];
  let life: Life | undefined = await startLife(dir, command, port);

  function signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    if (life !== undefined) process.kill(life.pid, name);
  }
  async function end(word: string): Promise<void> {
    const ending = life;
    life = undefined;
    await ending?.end(word);
  }
  return {
    port,
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    kill: () => end('keep'),
    async restart() {
      life = await startLife(dir, command, port);
    },
    async [Symbol.asyncDispose]() {
      await end('');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** One start of a server, to its end. */
interface Life {
  readonly pid: number;
  end(word: string): Promise<void>;
}

async function startLife(dir: string, command: readonly string[], port: number): Promise<Life> {
  const keeper = spawn('sh', ['-c', KEEPER, 'sh', dir, ...command]);
  keeper.stdin.on('error', () => undefined);
  const life = { pid: await pidOf(keeper), end: (word: string) => endOf(keeper, word) };
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await answers(port))) {
    if (performance.now() < deadline) await delay(10);
    else await life.end('keep').then(() => Promise.reject(new Error(`${command.join(' ')} does not answer`)));
  }
  return life;
}

async function pidOf(keeper: ChildProcessWithoutNullStreams): Promise<number> {
  const [line] = (await once(keeper.stdout, 'data')) as [Buffer];
  // From here on neither the shell nor its pipes are a reason for this process to stay.
  keeper.unref();
  keeper.stdout.destroy();
  keeper.stderr.destroy();
  return Number(line.toString());
}

async function endOf(keeper: ChildProcessWithoutNullStreams, word: string): Promise<void> {
  if (keeper.exitCode !== null || keeper.signalCode !== null) return;
  const exited = once(keeper, 'exit');
  keeper.ref();
  keeper.stdin.end(`${word}\n`);
  await exited;
}

/** True if a server answers there, be it that it is busy loading or wants a password. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 1_000 });
    socket.on('connect', () => socket.write('PING\r\n'));
    socket.on('data', (data) => {
      resolve(data.toString().startsWith('+PONG'));
      socket.destroy();
    });
    for (const event of ['error', 'timeout', 'close']) socket.on(event, () => void (resolve(false), socket.destroy()));
  });
}
