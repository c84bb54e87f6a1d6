/**
 * An endpoint that answers when the test says so.
 */
import type http from 'node:http';
import { upstream } from './upstream.ts';
import type { Upstream } from './upstream.ts';

export interface HeldUpstream extends Upstream {
  /** The requests that came, oldest first, and where to answer them. */
  readonly held: { req: http.IncomingMessage; res: http.ServerResponse }[];
  /** Resolves when so many requests have come. */
  arrived(count: number): Promise<void>;
  /** Resolves when the client has given up so many of them. */
  abandoned(count: number): Promise<void>;
}

export async function heldUpstream(): Promise<HeldUpstream> {
  const held: HeldUpstream['held'] = [];
  let closed = 0;
  const watchers = new Set<() => void>();
  const tell = (): void => {
    for (const watcher of watchers) watcher();
  };
  const server = await upstream((req, res) => {
    held.push({ req, res });
    res.on('close', () => {
      if (!res.writableFinished) closed++;
      tell();
    });
    tell();
  });
  function until(isDone: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const watcher = (): void => {
        if (!isDone()) return;
        watchers.delete(watcher);
        resolve();
      };
      watchers.add(watcher);
      watcher();
    });
  }
  return Object.defineProperties(server as HeldUpstream, {
    held: { value: held },
    arrived: { value: (count: number) => until(() => held.length >= count) },
    abandoned: { value: (count: number) => until(() => closed >= count) },
  });
}
