/** As much of Consul's HTTP interface as the example needs, so that it runs where there is no Consul. */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HealthEntry } from './consul-resolver.ts';

export interface ConsulStandIn {
  readonly url: string;
  /** What was asked for, index and all. */
  readonly queries: string[];
  /** The passing instances from now on: name and port. @param index goes up by one unless it is given */
  pass(instances: Readonly<Record<string, number>>, index?: number): void;
  close(): void;
}

export async function startConsul(): Promise<ConsulStandIn> {
  const queries: string[] = [];
  let index = 10;
  let body = '[]';
  let waiting: (() => void)[] = [];
  const server = http.createServer((req, res) => {
    queries.push(req.url!);
    const asked = Number(new URL(req.url!, 'http://consul').searchParams.get('index'));
    const answer = (): void => void res.setHeader('X-Consul-Index', index).end(body);
    // A query blocks while it knows all there is to know; a real one also ends after its `wait`.
    if (asked === index) waiting.push(answer);
    else answer();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    queries,
    pass(instances, nextIndex = index + 1) {
      index = nextIndex;
      body = JSON.stringify(Object.entries(instances).map(entryOf));
      const answers = waiting;
      waiting = [];
      for (const answer of answers) answer();
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function entryOf([name, port]: [string, number]): HealthEntry {
  return {
    Node: { Node: 'node-1', Address: '127.0.0.1' },
    Service: { ID: name, Address: '', Port: port, Weights: { Passing: 1 } },
  };
}
