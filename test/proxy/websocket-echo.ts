/**
 * An endpoint that speaks WebSocket, in a process of its own, so that it can really be killed. It says its process id first and then
 * everything that it hears; and it tells the test with which codes its clients have gone.
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { WebSocketServer } from 'ws';

export interface EchoProcess {
  readonly url: string;
  readonly pid: string;
  /** The close codes that its clients have ended with. */
  readonly codes: readonly number[];
  kill(): void;
  close(): Promise<void>;
}

export async function echoProcess(): Promise<EchoProcess> {
  const child: ChildProcess = fork(import.meta.filename, {
    execArgv: process.execArgv,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const codes: number[] = [];
  child.on('message', ({ code }: { code: number }) => codes.push(code));
  return {
    url: `http://127.0.0.1:${port}`,
    pid: String(child.pid),
    codes,
    kill: () => void child.kill('SIGKILL'),
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

function serve(): void {
  const server = http.createServer((_req, res) => void res.end());
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    socket.send(String(process.pid));
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    socket.on('close', (code) => process.send?.({ code }));
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as { port: number }).port }));
  process.on('disconnect', () => process.exit());
}

if (process.argv[1] === import.meta.filename) serve();
