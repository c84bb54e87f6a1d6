/** What Node's own client makes of a response: whether it would take it, with what its parser refuses. */
import http from 'node:http';
import { Duplex } from 'node:stream';
import { turn } from '../conformance/wire.ts';

/** `whole`: it has an end, and that was reached. `cut`: it ended before. `refused`: it is no HTTP. */
export type Verdict = 'whole' | 'cut' | 'refused';

/** @param isEnded the connection ends behind the last byte */
export async function nodeVerdict(bytes: string, method: string, isEnded: boolean): Promise<Verdict> {
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => void done() });
  let verdict: Verdict | undefined;
  const say = (what: Verdict): void => void (verdict ??= what);
  const req = http.request({ method, agent: false, createConnection: () => socket });
  req.on('error', (error: NodeJS.ErrnoException) => say(error.code?.startsWith('HPE_') ? 'refused' : 'cut'));
  req.on('upgrade', (_res, upgraded) => {
    say('refused');
    upgraded.destroy();
  });
  req.on('response', (res) => {
    res.on('error', () => say('cut'));
    res.on('end', () => say(res.complete ? 'whole' : 'cut'));
    res.resume();
  });
  req.end();
  await turn();
  if (!socket.destroyed) socket.push(Buffer.from(bytes, 'latin1'));
  if (isEnded && !socket.destroyed) socket.push(null);
  for (let turns = 0; turns < 4 && verdict === undefined; turns++) await turn();
  req.destroy();
  socket.destroy();
  return verdict ?? 'cut';
}
