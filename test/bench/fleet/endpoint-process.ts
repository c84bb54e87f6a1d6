/**
 * One endpoint of the fleet, in a process of its own so that it can really be stopped: `<address> <port> <behaviour>`. It works for a few
 * milliseconds per request without using the processor, and stamps every answer with its load.
 */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { loadMeter } from '@evenkeel/core';

/** What is wrong with it. */
export type Behaviour = 'well' | 'slow' | 'failing' | 'freezing' | 'flapping';

const WORK_MS = 5;
const SLOWER = 16;
/** A flapping endpoint listens for so long, and then refuses connections for so long. */
const FLAP_MS = 700;

function startServing(address: string, port: number, behaviour: Behaviour): void {
  const meter = loadMeter();
  const server = createServer({ keepAliveTimeout: 60_000 }, (_req, res) => {
    const ticket = meter.begin();
    const workMs = behaviour === 'failing' ? 0 : WORK_MS * (behaviour === 'slow' ? SLOWER : 1);
    const answer = (): void => {
      res.writeHead(behaviour === 'failing' ? 503 : 200, { 'endpoint-load-metrics': meter.header() });
      meter.headSent(ticket);
      res.end('ok');
    };
    res.on('close', () => meter.end(ticket, behaviour === 'failing'));
    if (workMs === 0) answer();
    else setTimeout(answer, workMs);
  });
  server.listen(port, address, () => process.send?.('listening'));
  if (behaviour === 'flapping') flap(server, address, port);
}

/** Comes and goes, as a process does that dies of something and is started again. */
function flap(server: Server, address: string, port: number): void {
  setInterval(() => {
    if (server.listening) {
      server.close();
      server.closeAllConnections();
    } else server.listen(port, address);
  }, FLAP_MS);
}

if (process.argv[1] === import.meta.filename) {
  const [address, port, behaviour] = process.argv.slice(2) as [string, string, Behaviour];
  startServing(address, Number(port), behaviour);
  process.on('disconnect', () => process.exit());
}
