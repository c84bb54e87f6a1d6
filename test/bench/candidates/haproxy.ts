/**
 * One thread, connections to all four endpoints shared by all clients, no log; buffers larger than by default, with which it takes less
 * for all bodies of 16 KiB and more.
 */
import { readFileSync } from 'node:fs';
import { CERTIFICATE_FILE, KEY_FILE } from '../listen.ts';
import { startNative, writeIn } from '../native.ts';
import type { NativeProxy } from '../native.ts';
import type { Usage } from '../usage.ts';
import type { Protocol } from '../scenarios.ts';

let running: NativeProxy | undefined;

export async function start(origins: readonly string[], protocol: Protocol): Promise<number> {
  running = await startNative('haproxy', (port, folder) => {
    const pem = readFileSync(CERTIFICATE_FILE, 'utf8') + readFileSync(KEY_FILE, 'utf8');
    const tls = protocol === 'http/2' ? ` ssl crt ${writeIn(folder, 'both.pem', pem)} alpn h2` : '';
    return ['-db', '-q', '-f', writeIn(folder, 'haproxy.cfg', configuration(port, tls, origins))];
  });
  return running.port;
}

export function usage(): Usage | undefined {
  return running?.usage();
}

function configuration(port: number, tls: string, origins: readonly string[]): string {
  return `
global
  nbthread 1
  maxconn 4096
  tune.bufsize 65536
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  timeout http-keep-alive 600s
  timeout tunnel 600s
frontend clients
  bind 127.0.0.1:${port}${tls}
  default_backend endpoints
backend endpoints
  balance roundrobin
  http-reuse always
  ${origins.map((origin, i) => `server endpoint${i} ${new URL(origin).host}`).join('\n  ')}
`;
}
