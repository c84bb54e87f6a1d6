/**
 * The world as resolvers use it: the system's DNS, its files, and the cluster's clock.
 */
import { Resolver as DnsClient } from 'node:dns/promises';
import { createReadStream, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { ResolverIo } from '../discovery/resolver.ts';
import type { Cancel, Clock } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';

/** A server has that long to answer, in ms. A lookup under way holds the process, so this is also for how long one can. */
const DNS_TIMEOUT_MS = 2_000;
const DNS_TRIES = 2;

/** @param fail what `ResolverIo.fail` does */
export function resolverIo(
  clock: Clock,
  random: Random,
  signal: AbortSignal,
  fail: (error: unknown) => void,
): ResolverIo {
  const dns = dnsClients(signal);
  return {
    signal,
    random,
    now: () => clock.now(),
    sleep: (ms, until) => sleep(clock, signal, ms, until),
    fail,
    async resolveAddresses(name, family, servers) {
      const client = dns(servers);
      const found = await (family === 4 ? client.resolve4(name, { ttl: true }) : client.resolve6(name, { ttl: true }));
      return found.map(({ address, ttl }) => ({ address, ttlSeconds: ttl }));
    },
    resolveServices: (name, servers) => dns(servers).resolveSrv(name),
    readFile,
    watchFile,
  };
}

function sleep(clock: Clock, signal: AbortSignal, ms: number, until: Promise<void> | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const cancel = clock.schedule(ms, wake, true);
    function wake(): void {
      cancel();
      signal.removeEventListener('abort', onAbort);
      resolve();
    }
    function onAbort(): void {
      cancel();
      reject(signal.reason as Error);
    }
    signal.addEventListener('abort', onAbort, { once: true });
    void until?.then(wake);
  });
}

/** One client for each list of servers; all of them give up when the signal aborts. */
function dnsClients(signal: AbortSignal): (servers: readonly string[] | undefined) => DnsClient {
  const clients = new Map<string, DnsClient>();
  signal.addEventListener('abort', () => clients.forEach((client) => client.cancel()), { once: true });
  return (servers) => {
    const key = servers?.join() ?? '';
    let client = clients.get(key);
    if (client === undefined) {
      client = new DnsClient({ timeout: DNS_TIMEOUT_MS, tries: DNS_TRIES });
      if (servers !== undefined) client.setServers(servers);
      clients.set(key, client);
    }
    return client;
  };
}

async function readFile(path: string, maxBytes: number): Promise<string> {
  // `end` is the last byte to read, so this is one more than there may be. A size asked for beforehand could be another one by now.
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(path, { end: maxBytes })) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  if (bytes.length > maxBytes) throw new Error(`${path} is larger than ${maxBytes} bytes`);
  return bytes.toString('utf8');
}

/**
 * Watches the folder, since a watch of the file itself stays with the old one when another is renamed into its place. `..data` is the link
 * that Kubernetes moves when a mounted config map changes; the file is a link through it.
 */
function watchFile(path: string, onChange: () => void): Cancel {
  const names: (string | null)[] = [basename(path), '..data', null];
  try {
    const watcher = watch(dirname(path), { persistent: false }, (_event, name) => names.includes(name) && onChange());
    // Such as a folder that is gone, or no watches left. Whoever watches asks now and then as well.
    watcher.on('error', () => watcher.close());
    return () => watcher.close();
  } catch {
    return () => undefined;
  }
}
