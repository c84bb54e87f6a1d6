/**
 * Private copies of HAProxy and nginx: loopback ports of their own, a temporary folder, and they end with the test.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closing } from '../../closing.ts';
import { refusedUrl } from '../../core/dispatch/upstream.ts';

type Config = (ports: number[]) => string;
type Files = Readonly<Record<string, Buffer | string>>;

const HAPROXY_BASE = `
global
  maxconn 100
defaults
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 10s
`;

/**
 * @param config sections below `defaults`
 * @param files what they name, by relative paths
 * @returns the ports that they name, in order
 */
export function startHaproxy(program: string, count: number, config: Config, files: Files = {}): Promise<number[]> {
  const text = (ports: number[]): Files => ({ ...files, config: HAPROXY_BASE + config(ports) });
  return start(program, ['-db', '-f', 'config'], count, text);
}

/** @param config what is inside `http` */
export function startNginx(program: string, count: number, config: Config): Promise<number[]> {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const paths = kinds.map((kind) => `${kind}_temp_path ${kind};`).join(' ');
  const around = (inner: string): string => `
    daemon off; pid pid; error_log stderr warn;
    events {}
    http { access_log off; ${paths} ${inner} }`;
  const text = (ports: number[]): Files => ({ config: around(config(ports)) });
  return start(program, ['-e', 'stderr', '-p', '.', '-c', 'config'], count, text);
}

async function start(
  program: string,
  args: readonly string[],
  count: number,
  files: (ports: number[]) => Files,
): Promise<number[]> {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-proxy-protocol-'));
  const ports: number[] = [];
  for (let i = 0; i < count; i++) ports.push(Number(new URL(await refusedUrl()).port));
  for (const [name, content] of Object.entries(files(ports))) writeFileSync(join(folder, name), content);
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  closing({
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      rmSync(folder, { recursive: true, force: true });
    },
  });
  for (const port of ports) {
    while (!(await isListening(port))) {
      if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}: ${said}`);
    }
  }
  return ports;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
