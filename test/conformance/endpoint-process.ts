/**
 * An endpoint that is a process of its own, so that it can really be killed or stopped. It answers with its process id;
 * `/hang` is never answered, and `/half` only in part.
 */
import { fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import http from 'node:http';

export interface EndpointProcess {
  readonly url: string;
  readonly pid: number;
  /** Resolves when a request for `path` reaches the process. */
  reached(path: string): Promise<void>;
  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void;
  close(): Promise<void>;
}

export async function endpointProcess(): Promise<EndpointProcess> {
  const child = fork(import.meta.filename, {
    execArgv: process.execArgv,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [port] = (await once(child, 'message')) as [number];
  const arrivals = new EventEmitter();
  child.on('message', (path: string) => arrivals.emit(path));
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid!,
    reached: (path) => new Promise((resolve) => arrivals.once(path, resolve)),
    signal: (name) => void child.kill(name),
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

function serve(): void {
  const server = http.createServer((req, res) => {
    process.send?.(req.url);
    if (req.url === '/hang') return;
    if (req.url === '/half') res.writeHead(200, { 'content-length': 10 }).write('half');
    else req.resume().on('end', () => res.end(String(process.pid)));
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as { port: number }).port));
  process.on('disconnect', () => process.exit());
}

if (process.argv[1] === import.meta.filename) serve();
